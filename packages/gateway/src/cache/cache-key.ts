/** Which requests are the same, and which differ in their last question only. */
import { hash } from 'node:crypto'
import { gatewayErrors } from '../errors.ts'
import { repeatedField } from '../governance/repeated-field.ts'
import type { StageCall } from '../governance/stage.ts'
import { asArray, asObject, asString, parseObject, toBuffer } from '../dialect/sse-frame.ts'
import type { CacheConfig } from './cache-config.ts'
import { cacheLimits } from './cache-limits.ts'
import { canonicalJson } from './canonical-json.ts'

/** Fields that say how an answer travels or whom it is for, and not what it says. */
const neutralFields = new Set(['stream', 'stream_options', 'user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'store'])
/** A name of its own for each change of what is hashed below. */
const version = 'bud-cache-1'

export interface CacheKey {
  /** SHA-256, base64url. */
  readonly exact: string
  /** Who may share the answer: `shared`, or project and key. */
  readonly scope: string
  readonly question: Question | undefined
}

/** The last message of a user, when it is text alone. */
export interface Question {
  readonly text: string
  /** Hash of everything else in the request. */
  readonly context: string
}

function scopeOf(call: StageCall, isolation: CacheConfig['isolation']): string {
  const project = `project/${encodeURIComponent(call.key?.projectId ?? 'default')}`
  switch (isolation) {
    case 'shared':
      return 'shared'
    case 'project':
    case 'user':
      return project
    case 'key':
      return `${project}/key/${encodeURIComponent(call.key?.id ?? '')}`
  }
}

const fingerprints = new WeakMap<StageCall['targets'], string>()

/** What stands behind a model: when it is another one, its answers are others. */
function fingerprintOf(targets: StageCall['targets']): string {
  let known = fingerprints.get(targets)
  if (known === undefined) {
    const each = targets.map(({ target }) => [target.providerId, target.baseUrl.href, target.modelId, Object.entries(target.options)])
    fingerprints.set(targets, (known = hash('sha256', JSON.stringify(each), 'base64url')))
  }
  return known
}

const digest = (parts: readonly string[]): string => hash('sha256', JSON.stringify(parts), 'base64url')

/** Text of a message that has nothing but text. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  const parts = asArray(content).map(asObject)
  if (parts.length === 0 || parts.some((part) => part?.['type'] !== 'text' || Object.keys(part).length > 2)) return undefined
  return parts.map((part) => asString(part?.['text']) ?? '').join('\n')
}

function questionOf(request: Readonly<Record<string, unknown>>): { readonly text: string; readonly rest: unknown } | undefined {
  const messages = asArray(request['messages'])
  const last = asObject(messages.at(-1))
  if (last?.['role'] !== 'user') return undefined
  const text = textOf(last['content'])
  if (text === undefined || text === '' || text.length > cacheLimits.semantic.questionLength) return undefined
  return { text, rest: { ...request, messages: [...messages.slice(0, -1), { ...last, content: null }] } }
}

/**
 * Undefined for a request that is not cached, because it is too large or cannot be told apart from others.
 * @throws GATEWAY_INVALID_BODY for a field that stands twice: the upstream may answer the one while the key is made of the other.
 */
export function cacheKeyOf(
  call: StageCall,
  config: Pick<CacheConfig, 'isolation' | 'semantic'>,
  headers: readonly string[],
): CacheKey | undefined {
  if (call.body.byteLength > cacheLimits.requestBytes) return undefined
  const source = toBuffer(call.body).toString()
  const request = parseObject(source)
  if (request === undefined) return undefined
  const repeated = repeatedField(source)
  if (repeated !== undefined)
    throw gatewayErrors.INVALID_BODY({ field: repeated.slice(0, 100), problem: 'it stands more than once in one object; send it once' })
  const asked = Object.fromEntries(Object.entries(request).filter(([name]) => !neutralFields.has(name)))
  const text = canonicalJson(asked, source)
  if (text === undefined) return undefined
  const scope = scopeOf(call, config.isolation)
  const user = config.isolation === 'user' ? (call.head.userId ?? call.key?.userId ?? '') : ''
  const sent = headers.map((name) => call.header(name) ?? '')
  const frame = [version, scope, user, call.dialect.id, call.operation, call.model, fingerprintOf(call.targets), ...sent]
  const question = config.semantic === undefined || call.operation !== 'chat' ? undefined : questionOf(asked)
  // What was canonical whole is so in part.
  const rest = question === undefined ? undefined : canonicalJson(question.rest, '')
  // Vectors of two embedding models say nothing about each other.
  const contextFrame = [...frame, 'context', config.semantic?.model ?? '']
  return {
    exact: digest([...frame, text]),
    scope,
    question: question === undefined || rest === undefined ? undefined : { text: question.text, context: digest([...contextFrame, rest]) },
  }
}
