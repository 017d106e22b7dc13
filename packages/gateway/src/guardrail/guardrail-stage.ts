/** Guardrails as a stage: which rails a call gets, and their work on both sides of it. */
import type { RequestEvent } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import { gatewayErrors } from '../errors.ts'
import { after } from '../governance/after.ts'
import type { StageFactory, StageKit } from '../governance/stage-factory.ts'
import type { CallObserver, Stage, StageCall, StageResult, Verdict } from '../governance/stage.ts'
import { matchesName } from '../key/key-record.ts'
import { Findings } from './findings.ts'
import type { GuardrailsConfig, Side } from './guardrail-config.ts'
import { applyInputRails } from './input-rails.ts'
import { OutputRails } from './output-rails.ts'
import { createRail, type Rail } from './rail.ts'

type Attachment = GuardrailsConfig['attach'][number]

/** Whether a call meets the conditions of an entry; a fallback of its model is not asked about. */
function meets({ models, projects, keys, tags }: Attachment, { key, model, requestedModel }: StageCall): boolean {
  if (models !== undefined && !matchesName(models, model) && !matchesName(models, requestedModel)) return false
  if (projects !== undefined && (key === undefined || !matchesName(projects, key.projectId))) return false
  if (keys !== undefined && (key === undefined || !keys.includes(key.id))) return false
  return Object.entries(tags ?? {}).every(([name, value]) => key?.tags[name] === value)
}

class GuardrailStage implements Stage, AsyncDisposable {
  readonly id = 'guardrails'
  readonly #rails: ReadonlyMap<string, Rail>
  readonly #config: GuardrailsConfig
  readonly #kit: StageKit

  constructor(config: GuardrailsConfig, kit: StageKit) {
    this.#config = config
    this.#kit = kit
    this.#rails = new Map(Object.entries(config.rails).map(([name, rail]) => [name, createRail(name, rail, kit)]))
    for (const [index, { rails }] of config.attach.entries()) {
      for (const [at, name] of rails.entries()) {
        if (this.#rails.has(name)) continue
        const known = [...this.#rails.keys()].join(', ')
        const path = `guardrails.attach.${String(index)}.rails.${String(at)}`
        throw gatewayErrors.GUARDRAIL_INVALID({ path, problem: `there is no rail '${name}'; use one of ${known}` })
      }
    }
  }

  onCall(call: StageCall): StageResult<Verdict> {
    const rails = this.#railsOf(call)
    if (rails.length === 0) return undefined
    const { clock, logger, metrics } = this.#kit
    const findings = new Findings(call, { clock, logger, metrics })
    const parts = { call, findings, clock }
    const input = on('input', rails)
    const output = call.operation === 'chat' || call.operation === 'completion' ? on('output', rails) : []
    const observer: CallObserver = {
      output: output.length === 0 ? undefined : new OutputRails({ ...parts, rails: output }),
      onFinish: (_event: RequestEvent) => {
        findings.finish()
      },
    }
    try {
      const body = input.length === 0 ? undefined : applyInputRails({ ...parts, rails: input })
      const verdict = after(body, (replaced): Verdict => ({ kind: 'go', body: replaced, observer }))
      return verdict instanceof Promise
        ? verdict.catch((error: unknown) => {
            findings.finish()
            throw error
          })
        : verdict
    } catch (error) {
      findings.finish()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const rail of this.#rails.values()) if (rail.kind === 'service') await rail.judge[Symbol.asyncDispose]?.()
  }

  /** In the order of the configuration, each once. */
  #railsOf(call: StageCall): readonly Rail[] {
    const names = new Set<string>()
    for (const entry of this.#config.attach) if (meets(entry, call)) for (const name of entry.rails) names.add(name)
    const rails: Rail[] = []
    for (const [name, rail] of this.#rails) if (names.has(name)) rails.push(rail)
    return rails
  }
}

const on = (side: Side, rails: readonly Rail[]): readonly Rail[] => rails.filter(({ config }) => config.on.includes(side))

export const guardrails: StageFactory = {
  id: 'guardrails',
  create: (config: GatewayConfig, kit: StageKit) =>
    config.guardrails === undefined ? undefined : new GuardrailStage(config.guardrails, kit),
}
