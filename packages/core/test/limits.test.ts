import { describe, expect, test } from 'vitest'
import { assertCoreLimits, coreLimits } from '@bud-foundry/core'

describe('coreLimits', () => {
  test('hold their relations', () => {
    expect(() => {
      assertCoreLimits()
    }).not.toThrow()
  })

  test.each([
    [{ retryDelayMsMax: coreLimits.retryAfterMsMax + 1 }, 'a back-off must not exceed'],
    [{ retryAfterMsMax: coreLimits.timerMsMax + 1 }, 'a wait must fit a timer'],
    [{ batchItemsMax: coreLimits.batchWaitingItemsMax + 1 }, 'a whole batch must fit'],
    [{ envelopePlainBytesMax: coreLimits.envelopeBytesMax }, 'room for its header'],
    [{ apiKeyRandomBytes: 8 }, '128 bits'],
    [{ logCausesMax: 0 }, 'logCausesMax must be a positive whole number'],
  ])('are refused when %j', (changed, message) => {
    expect(() => {
      assertCoreLimits({ ...coreLimits, ...changed })
    }).toThrow(message)
  })
})
