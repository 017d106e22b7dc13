/** How many requests there were and how they ended. */
import { defineMeasures, perSecond, plain, quotient, share } from './measure.ts'

/** Outcomes add up: `requests` = `successes` + `errors` + `rejected` + `aborted`; `partials` are a part of `errors`. */
export const requestMeasures = defineMeasures({
  requests: plain('requests', 'requests', 'Requests that arrived.'),
  requestsPerSecond: perSecond('requests', 'Requests that arrived per second.'),
  successes: plain('requests', 'successes', 'Requests with the outcome `success`.'),
  errors: plain('requests', 'errors', 'Requests that failed, with content sent or without.'),
  partials: plain('requests', 'partials', 'Requests whose answer broke off after content was sent; a part of `errors`.'),
  rejected: plain('requests', 'rejections', 'Requests refused before any upstream was called: limits, policies, guardrails, bad input.'),
  blocked: plain('requests', 'blocked', 'Requests that a rule of the gateway blocked (codes `GATEWAY_BLOCKED…`); a part of `rejected`.'),
  aborted: plain('requests', 'aborts', 'Requests whose caller left.'),
  clientErrors: plain('requests', 'clientErrors', 'Requests without success and with a status from 400 to 499.'),
  serverErrors: plain('requests', 'serverErrors', 'Requests without success and with a status from 500 to 599.'),
  successShare: share(['successes'], 'requests', 'Successes as a share of all requests.'),
  errorShare: share(['errors'], 'requests', 'Errors as a share of all requests.'),
  rejectedShare: share(['rejections'], 'requests', 'Rejected requests as a share of all requests.'),
  guardrailRequests: plain('requests', 'guardrailRequests', 'Requests in which a guardrail hit, whatever it then did.'),
  guardrailShare: share(['guardrailRequests'], 'requests', 'Requests in which a guardrail hit as a share of all requests.'),
  attempts: plain('attempts', 'attempts', 'Calls of upstreams, repeats and fallbacks included.'),
  attemptsPerRequest: quotient({
    unit: 'ratio',
    sum: 'attempts',
    count: 'requests',
    definition: 'Calls of upstreams per request: above 1 there were repeats or fallbacks.',
  }),
})
