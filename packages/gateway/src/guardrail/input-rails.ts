/** Rails on what a caller asks: every text of the body, before any upstream sees it. */
import type { Clock } from '@bud-foundry/core'
import { parseExact } from '../dialect/exact-json.ts'
import { asArray, asObject, encodeJson, toBuffer } from '../dialect/sse-frame.ts'
import { gatewayErrors } from '../errors.ts'
import { after } from '../governance/after.ts'
import { repeatedField } from '../governance/repeated-field.ts'
import type { StageCall } from '../governance/stage.ts'
import type { Findings } from './findings.ts'
import { textDepth } from './guardrail-limits.ts'
import { judgeText } from './judged-text.ts'
import { applyLocal, groupsOf } from './local-rails.ts'
import { paced } from './paced.ts'
import type { Rail, SchemaRail, ServiceRail } from './rail.ts'
import { requestTexts, type RequestText } from './request-texts.ts'
import type { JsonObject } from './text-slots.ts'

interface InputParts {
  readonly rails: readonly Rail[]
  readonly call: StageCall
  readonly findings: Findings
  readonly clock: Clock
}

/** Token ids say something that no rail can read. */
const isTokenIds = (value: unknown): boolean =>
  asArray(value).some((item) => typeof item === 'number' || asArray(item).some((inner) => typeof inner === 'number'))

function applySchema(rail: SchemaRail, body: JsonObject, findings: Findings): void {
  const isValid = findings.timed(rail, 'input', () => rail.validate(body))
  if (!findings.isOver(rail, 'input') && !isValid) findings.note(rail, 'input')
}

/** @throws GATEWAY_INVALID_BODY for what is too deep to be read, unless all rails only annotate. */
function readTexts(body: JsonObject, unread: Rail | undefined): readonly RequestText[] {
  if (unread !== undefined && (isTokenIds(body['prompt']) || isTokenIds(body['input'])))
    throw gatewayErrors.INVALID_BODY({
      field: body['prompt'] === undefined ? 'input' : 'prompt',
      problem: `the guardrail '${unread.name}' cannot read token ids; send text`,
    })
  return requestTexts(body, () => {
    if (unread === undefined) return
    const problem = `it is nested deeper than ${String(textDepth)}, where the guardrail '${unread.name}' cannot read it; nest it less`
    throw gatewayErrors.INVALID_BODY({ field: 'body', problem })
  })
}

function* applyHere({ rails, findings }: InputParts, body: JsonObject, texts: readonly RequestText[]): Generator<undefined, boolean> {
  let changed = false
  for (const rail of rails) {
    if (rail.kind === 'local') changed = (yield* applyLocal(rail, texts, findings)) || changed
    else if (rail.kind === 'schema') applySchema(rail, body, findings)
  }
  return changed
}

/** The body that may go on, undefined when it is the same. Throws or rejects with GATEWAY_GUARDRAIL_BLOCKED. A promise only for long texts and services. */
export function applyInputRails(parts: InputParts): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  const { rails, call, clock } = parts
  const source = toBuffer(call.body).toString()
  const body = asObject(parseExact(source))
  if (body === undefined) return undefined
  const repeated = repeatedField(source)
  if (repeated !== undefined)
    throw gatewayErrors.INVALID_BODY({ field: repeated.slice(0, 100), problem: 'it stands more than once in one object; send it once' })
  const unread = rails.find((rail) => rail.kind !== 'schema' && rail.config.action !== 'annotate')
  const texts = rails.every(({ kind }) => kind === 'schema') ? [] : readTexts(body, unread)
  const services = rails.filter((rail) => rail.kind === 'service')
  const here = paced(applyHere(parts, body, texts), clock, () => call.signal)
  return after(here, (changed) => {
    if (services.length === 0) return changed ? encodeJson(body) : undefined
    return askServices(parts, services, texts).then((masked) => (changed || masked ? encodeJson(body) : undefined))
  })
}

/** Services that mask are asked one after the other; the others need not wait for each other. True when a text has changed. */
async function askServices(parts: InputParts, services: readonly ServiceRail[], texts: readonly RequestText[]): Promise<boolean> {
  let changed = false
  for (const rail of services) if (rail.config.action === 'mask') changed = (await maskByService(rail, texts, parts)) || changed
  await Promise.all(services.filter((rail) => rail.config.action !== 'mask').map((rail) => judgeTogether(rail, texts, parts)))
  return changed
}

/** What is not masked needs one judgement of everything, with texts that a model reads as one joined as well. */
async function judgeTogether(rail: ServiceRail, texts: readonly RequestText[], parts: InputParts): Promise<void> {
  if (texts.length === 0) return
  const joined = groupsOf(texts).map((group) => group.map(({ text }) => text).join(''))
  await judgeText({ ...parts, rail, side: 'input', json: false }, [...texts.map(({ text }) => text), ...joined].join('\n'))
}

async function maskByService(rail: ServiceRail, texts: readonly RequestText[], parts: InputParts): Promise<boolean> {
  const judging = { ...parts, rail, side: 'input' } as const
  let changed = false
  const fixed: string[] = []
  for (const { text, json, set } of texts) {
    if (set === undefined) fixed.push(text)
    else {
      const judged = await judgeText({ ...judging, json }, text)
      changed ||= judged !== text
      set(judged)
    }
  }
  // What cannot be masked is blocked, as in JSON.
  const joined = groupsOf(texts).map((group) => group.map(({ text }) => text).join(''))
  for (const text of [fixed.join('\n'), ...joined]) if (text !== '') await judgeText({ ...judging, json: true }, text)
  return changed
}
