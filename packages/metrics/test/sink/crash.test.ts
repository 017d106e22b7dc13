/** SIGKILL at any moment loses nothing accepted and shows nothing twice. */
import { test } from 'vitest'
import { surviveCrashes } from '../support/crash-rounds.ts'

test('after a kill, every accepted event is stored exactly once, and counted once in every rollup', () => surviveCrashes([60]))
