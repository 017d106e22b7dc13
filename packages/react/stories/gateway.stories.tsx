/** Routes and targets, routing policy, credentials, rules, limits. */
import { BlockingRules } from '../src/entry/blocking.ts'
import { GuardrailList } from '../src/entry/guardrails.ts'
import { CredentialList } from '../src/entry/credentials.ts'
import { LimitMeters } from '../src/entry/limit-meters.ts'
import { PolicyEditor } from '../src/entry/policy-editor.ts'
import { RouteList } from '../src/entry/routes.ts'
import { nowUnixMs, sampleFailover, sampleRequest } from '../test/support/sample-data.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Gateway/Routing and rules' }

const targets = [
  { id: 'twin-a', provider: 'openai-compatible', weight: 3, isHealthy: true, inFlight: 4 },
  { id: 'twin-b', provider: 'openai-compatible', weight: 1, isHealthy: false, inFlight: 0 },
]
const routed = { data: [{ model: 'llama-3.1-8b', policy: 'p2c-peak-ewma', targets }] }
const split = {
  fromUnixMs: nowUnixMs - 900_000,
  toUnixMs: nowUnixMs,
  timeZone: 'UTC',
  measures: { requests: { unit: 'requests', errorBound: 0 } },
  rows: [
    {
      timeUnixMs: nowUnixMs,
      endUnixMs: nowUnixMs,
      group: { model: 'llama-3.1-8b', targetId: 'twin-a' },
      isOther: false,
      values: { requests: 310, successShare: 0.997, timeToFirstTokenMsP50: 92 },
      counts: {},
    },
    {
      timeUnixMs: nowUnixMs,
      endUnixMs: nowUnixMs,
      group: { model: 'llama-3.1-8b', targetId: 'twin-b' },
      isOther: false,
      values: { requests: 90, successShare: 0.62, timeToFirstTokenMsP50: 240 },
      counts: {},
    },
  ],
}
const routes = () => <RouteList />
export const Routes = { ...loaded({ routes: routed, ask: split }), render: routes }
export const RoutesEmpty = { ...loaded({ routes: { data: [] } }), render: routes }
export const RoutesLoading = { ...loading, render: routes }
export const RoutesFailed = { ...failed, render: routes }
export const RoutesStale = { ...staleAfter({ routes: routed, ask: split }), render: routes }

const config = {
  models: {
    'llama-3.1-8b': {
      policy: 'priority',
      targets: [
        { id: 'twin-a', provider: 'openai-compatible', weight: 1 },
        { id: 'twin-b', provider: 'openai-compatible', weight: 1 },
      ],
    },
  },
}
const recorded = { data: [sampleRequest({ id: '1' }), sampleFailover(), sampleRequest({ id: '3', targetId: 'twin-a' })] }
const editor = () => <PolicyEditor />
export const Policy = { ...loaded({ config, requests: recorded }), render: editor }
export const PolicyUnrecorded = { ...loaded({ config, requests: { data: [] } }), render: editor }
export const PolicyFailed = { ...failed, render: editor }

const credentials = () => <CredentialList />
export const Credentials = {
  ...loaded({
    credentials: { data: [{ name: 'openai-main', createdUnixMs: nowUnixMs - 86_400_000 * 20, updatedUnixMs: nowUnixMs - 3_600_000 }] },
  }),
  render: credentials,
}
export const CredentialsEmpty = { ...loaded({ credentials: { data: [] } }), render: credentials }
export const CredentialsFailed = { ...failed, render: credentials }

const rules = {
  data: [
    { id: 'office', kind: 'address', action: 'allow', addresses: ['203.0.113.0/24'], origin: 'config' },
    { id: 'bots', kind: 'user-agent', action: 'deny', contains: ['badbot'], note: 'abuse report 12', origin: 'store' },
    { id: 'flood', kind: 'rate', limit: 600, windowMs: 60_000, origin: 'store' },
  ],
}
const blocking = () => <BlockingRules />
export const Blocking = { ...loaded({ blocking: rules }), render: blocking }
export const BlockingEmpty = { ...loaded({ blocking: { data: [] } }), render: blocking }
export const BlockingFailed = { ...failed, render: blocking }

const limited = {
  id: '1',
  prefix: 'bud_4f2a',
  name: 'checkout',
  projectId: 'web',
  scopes: ['inference'],
  createdUnixMs: nowUnixMs,
  tags: {},
  limits: [
    { kind: 'requests', limit: 500, window: 'minute' },
    { kind: 'tokens', limit: 100_000, window: 'hour' },
  ],
}
const used = {
  ...split,
  measures: { requests: { unit: 'requests', errorBound: 0 } },
  rows: [
    {
      timeUnixMs: nowUnixMs,
      endUnixMs: nowUnixMs,
      group: {},
      isOther: false,
      values: { requests: 430, inputTokens: 64_000, outputTokens: 41_000 },
      counts: {},
    },
  ],
}
const limits = () => <LimitMeters />
export const Limits = { ...loaded({ keys: { data: [limited] }, ask: used }), render: limits }
export const LimitsEmpty = { ...loaded({ keys: { data: [] } }), render: limits }

const railed = {
  guardrails: {
    rails: {
      'personal-data': { kind: 'pii', on: ['input', 'output'], action: 'mask' },
      'code-names': { kind: 'keywords', on: ['output'], action: 'block' },
      tone: { kind: 'http', on: ['input'], action: 'annotate' },
    },
    attach: [{ rails: ['personal-data'] }, { rails: ['code-names'], projects: ['web'], models: ['llama-*'] }],
  },
}
const hits = {
  ...split,
  rows: [
    { ...split.rows[0], group: { guardrail: 'personal-data:mask' }, values: { requests: 212 } },
    { ...split.rows[0], group: { guardrail: 'code-names:block, personal-data:mask' }, values: { requests: 3 } },
  ],
}
const guardrails = () => <GuardrailList />
export const Guardrails = { ...loaded({ config: railed, ask: hits }), render: guardrails }
export const GuardrailsEmpty = { ...loaded({ config: {}, ask: hits }), render: guardrails }
export const GuardrailsLoading = { ...loading, render: guardrails }
export const GuardrailsFailed = { ...failed, render: guardrails }
export const GuardrailsStale = { ...staleAfter({ config: railed, ask: hits }), render: guardrails }
