/** Rails on what a caller asks: every text of the body, before any upstream sees it. */
import type { Clock } from '@bud-foundry/core'
import { parseExact } from '../dialect/exact-json.ts'
import { asArray, asObject, encodeJson, toBuffer } from '../dialect/sse-frame.ts'
import { gatewayErrors } from '../errors.ts'
import type { StageCall } from '../governance/stage.ts'
import type { Findings } from './findings.ts'
import { judgeText } from './judged-text.ts'
import type { LocalRail, Rail, SchemaRail, ServiceRail } from './rail.ts'
import { requestTexts, type JsonObject, type RequestText } from './text-slots.ts'
import { filterText } from './text-window.ts'

interface InputParts {
  readonly rails: readonly Rail[]
  readonly call: StageCall
  readonly findings: Findings
  readonly clock: Clock
}

/** Token ids say something that no rail can read. */
const isTokenIds = (value: unknown): boolean =>
  asArray(value).some((item) => typeof item === 'number' || asArray(item).some((inner) => typeof inner === 'number'))

function applyLocal(rail: LocalRail, texts: readonly RequestText[], findings: Findings): boolean {
  let changed = false
  const onMatch = ({ label }: { readonly label: string }) => findings.found(rail, 'input', label)
  for (const text of texts) {
    const filtered = filterText(text.text, { detectors: rail.detectors, onMatch, json: text.json })
    if (filtered === text.text) continue
    changed = true
    text.set(filtered)
  }
  return changed
}

async function applyService(rail: ServiceRail, body: JsonObject, { call, findings, clock }: InputParts): Promise<boolean> {
  const texts = requestTexts(body)
  const judging = { rail, side: 'input', call, findings, clock } as const
  // What is not masked needs one judgement of everything together.
  if (rail.config.action !== 'mask') {
    if (texts.length > 0) await judgeText({ ...judging, json: false }, texts.map(({ text }) => text).join('\n'))
    return false
  }
  let changed = false
  for (const text of texts) {
    const judged = await judgeText({ ...judging, json: text.json }, text.text)
    if (judged !== text.text) changed = true
    text.set(judged)
  }
  return changed
}

function applySchema(rail: SchemaRail, body: JsonObject, findings: Findings): void {
  if (!findings.timed(rail, 'input', () => rail.validate(body))) findings.note(rail, 'input')
}

/** The body that may go on, undefined when it is the same. Throws or rejects with GATEWAY_GUARDRAIL_BLOCKED. A promise only where a service is asked. */
export function applyInputRails(parts: InputParts): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  const { rails, call, findings } = parts
  const body = asObject(parseExact(toBuffer(call.body).toString()))
  if (body === undefined) return undefined
  const unread = rails.find((rail) => rail.kind !== 'schema' && rail.config.action !== 'annotate')
  if (unread !== undefined && (isTokenIds(body['prompt']) || isTokenIds(body['input'])))
    throw gatewayErrors.INVALID_BODY({
      field: body['prompt'] === undefined ? 'input' : 'prompt',
      problem: `the guardrail '${unread.name}' cannot read token ids; send text`,
    })
  let changed = false
  for (const rail of rails) {
    if (rail.kind === 'local') changed = findings.timed(rail, 'input', () => applyLocal(rail, requestTexts(body), findings)) || changed
    else if (rail.kind === 'schema') applySchema(rail, body, findings)
  }
  const services = rails.filter((rail) => rail.kind === 'service')
  if (services.length === 0) return changed ? encodeJson(body) : undefined
  return askServices(parts, services, body, changed)
}

/** Services that mask are asked one after the other; the others need not wait for each other. */
async function askServices(
  parts: InputParts,
  services: readonly ServiceRail[],
  body: JsonObject,
  changedBefore: boolean,
): Promise<Uint8Array | undefined> {
  let changed = changedBefore
  for (const rail of services) if (rail.config.action === 'mask') changed = (await applyService(rail, body, parts)) || changed
  await Promise.all(services.filter((rail) => rail.config.action !== 'mask').map((rail) => applyService(rail, body, parts)))
  return changed ? encodeJson(body) : undefined
}
