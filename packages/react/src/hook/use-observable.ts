'use client'
/** Follows a store, on the server with its present value. */
import { useSyncExternalStore } from 'react'
import type { Observable } from '../client/observable.ts'

export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, observable.get, observable.get)
}
