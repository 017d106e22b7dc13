/** undici, loaded with the first transport and not with the package: it takes longer to load than all the rest together. */
import { invariant } from '@bud-foundry/core'
import type * as UndiciModule from 'undici'

type Undici = typeof UndiciModule

let loaded: Undici | undefined
let loading: Promise<Undici> | undefined

/** Loads it once. */
export const loadUndici = (): Promise<Undici> => (loading ??= import('undici').then((module) => (loaded = module)))

export const isUndiciLoaded = (): boolean => loaded !== undefined

/** For code that runs after `loadUndici` only. */
export function undici(): Undici {
  invariant(loaded !== undefined, 'undici is loaded before the first connection is made')
  return loaded
}
