/** The errors of idempotency keys. */
import { defineErrors } from '@bud-foundry/core'

export const idempotencyErrors = defineErrors('GATEWAY', {
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    retryable: false,
    message: () => "Invalid header 'idempotency-key': use 1 to 255 visible ASCII characters, a UUID for instance.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    retryable: false,
    message: () => 'This idempotency key was used with another request. Use a new key for a new request.',
  },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    retryable: true,
    message: () => 'A request with this idempotency key is being answered. Retry when it has ended.',
  },
  IDEMPOTENCY_ANSWER_LOST: {
    status: 409,
    retryable: false,
    message: () =>
      'The request with this idempotency key was answered, but its answer was too large to be kept. Use a new key to make it anew.',
  },
  IDEMPOTENCY_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: () => 'Idempotency keys cannot be checked at the moment. Retry shortly, or send the request without one.',
  },
})
