/** SIGKILL in a loop under load; slow, so that it runs with the tests of services. */
import { test } from 'vitest'
import { surviveCrashes } from '../support/crash-rounds.ts'

test('after being killed again and again, every accepted event is stored exactly once, and counted once in every rollup', () =>
  surviveCrashes([40, 300, 1, 500, 120, 7, 80]))
