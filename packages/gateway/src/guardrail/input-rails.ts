/** Rails on what a caller asks: every text of the body, before any upstream sees it. */
import type { Clock } from '@bud-foundry/core'
import { parseExact } from '../dialect/exact-json.ts'
import { asArray, asObject, encodeJson, toBuffer } from '../dialect/sse-frame.ts'
import { gatewayErrors } from '../errors.ts'
import type { StageCall } from '../governance/stage.ts'
import type { Findings } from './findings.ts'
import { phoneCandidates, textDepth } from './guardrail-limits.ts'
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

/** Every text of a body. @throws GATEWAY_INVALID_BODY for what is too deep to be read, unless all rails only annotate. */
type ReadTexts = () => readonly RequestText[]

/** Token ids say something that no rail can read. */
const isTokenIds = (value: unknown): boolean =>
  asArray(value).some((item) => typeof item === 'number' || asArray(item).some((inner) => typeof inner === 'number'))

function applyLocal(rail: LocalRail, texts: readonly RequestText[], findings: Findings): boolean {
  let changed = false
  const effort = { candidates: phoneCandidates }
  const onMatch = ({ label }: { readonly label: string }) => findings.found(rail, 'input', label)
  for (const text of texts) {
    const filtered = filterText(text.text, { detectors: rail.detectors, onMatch, json: text.json, effort })
    if (filtered === text.text) continue
    changed = true
    text.set(filtered)
  }
  return changed
}

async function applyService(rail: ServiceRail, read: ReadTexts, { call, findings, clock }: InputParts): Promise<boolean> {
  const texts = read()
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
  const read: ReadTexts = () =>
    requestTexts(body, () => {
      if (unread === undefined) return
      const problem = `it is nested deeper than ${String(textDepth)}, where the guardrail '${unread.name}' cannot read it; nest it less`
      throw gatewayErrors.INVALID_BODY({ field: 'body', problem })
    })
  let changed = false
  for (const rail of rails) {
    if (rail.kind === 'local') changed = findings.timed(rail, 'input', () => applyLocal(rail, read(), findings)) || changed
    else if (rail.kind === 'schema') applySchema(rail, body, findings)
  }
  const services = rails.filter((rail) => rail.kind === 'service')
  if (services.length === 0) return changed ? encodeJson(body) : undefined
  return askServices({ ...parts, read }, services, body, changed)
}

/** Services that mask are asked one after the other; the others need not wait for each other. */
async function askServices(
  parts: InputParts & { readonly read: ReadTexts },
  services: readonly ServiceRail[],
  body: JsonObject,
  changedBefore: boolean,
): Promise<Uint8Array | undefined> {
  let changed = changedBefore
  for (const rail of services) if (rail.config.action === 'mask') changed = (await applyService(rail, parts.read, parts)) || changed
  await Promise.all(services.filter((rail) => rail.config.action !== 'mask').map((rail) => applyService(rail, parts.read, parts)))
  return changed ? encodeJson(body) : undefined
}
