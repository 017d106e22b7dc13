'use client'
/** A layout effect in browsers, nothing on a server: there is no layout there, and React 18 warns. */
import { useEffect, useLayoutEffect } from 'react'

export const useBrowserLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect
