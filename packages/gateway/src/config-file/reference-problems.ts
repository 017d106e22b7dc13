/** Finds every name in a configuration that leads nowhere. The gateway stops at the first; whoever edits a file wants them all. */
import { matchesName } from '../key/key-record.ts'
import { isBudError, type ConfigIssue, type Transport } from '@bud-foundry/core'
import type { GatewayConfig, GatewayConfigInput, ModelConfig } from '../config.ts'
import { createGateway } from '../create-gateway.ts'

type ModelInput = GatewayConfigInput['models'][string]
type TargetConfig = NonNullable<ModelConfig['targets']>[number]

/** Probes send nothing: a gateway without health checks dispatches only for requests, and probes get none. */
const noTransport: Transport = {
  contract: 'transport/1',
  dispatch: (_request, handlers) => {
    queueMicrotask(() => {
      handlers.onError(new Error('probes of a configuration send nothing'))
    })
    return { resume: () => undefined, abort: () => undefined }
  },
  [Symbol.asyncDispose]: async () => undefined,
}

/** A target that has nothing wrong, to stand for those that are not looked at. */
const goodTarget = { provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:1/v1' }

/** Messages about the configuration begin with their place; those of providers do not know it. */
function toProblem(message: string, place: string): ConfigIssue {
  const match = /^gateway config: ([^ ]+): (.*)$/s.exec(message)
  const [what = message, ...fix] = (match?.[2] ?? message).split('; ')
  return { path: match?.[1] ?? place, message: what, fix: fix.length === 0 ? undefined : fix.join('; ') }
}

/** What the gateway itself says about a configuration without credentials, which are looked at elsewhere. */
async function probe(models: Record<string, ModelInput>, place: string): Promise<ConfigIssue | undefined> {
  try {
    await createGateway({ models, auth: { kind: 'none' } }, { transport: noTransport }).close()
    return undefined
  } catch (error) {
    if (!isBudError(error)) throw error
    return toProblem(error.message, place)
  }
}

const bareTarget = ({ id, provider, model, baseUrl, options }: TargetConfig) => ({
  provider,
  options,
  ...(id === undefined ? {} : { id }),
  ...(model === undefined ? {} : { model }),
  ...(baseUrl === undefined ? {} : { baseUrl }),
})

/** The models that a probed one names, as far as they exist, each reduced to what makes a name valid. */
function namedModels(config: GatewayConfig, candidate: ModelInput): Record<string, ModelInput> {
  const names = [...(candidate.fallbacks ?? []), ...(candidate.shadow === undefined ? [] : [candidate.shadow.model])]
  return Object.fromEntries(names.filter((name) => Object.hasOwn(config.models, name)).map((name) => [name, { targets: [goodTarget] }]))
}

interface Probe {
  /** What is looked at. */
  readonly place: string
  readonly candidate: ModelInput
}

/** One small configuration for each thing that can be wrong with a model. */
function* probesOf(name: string, model: ModelConfig): Generator<Probe> {
  const place = `models.${name}`
  const targets = model.targets ?? []
  if (model.targets === undefined && model.variants === undefined) yield { place, candidate: {} }
  yield { place, candidate: { targets: [goodTarget], policy: model.policy } }
  for (const index of targets.keys()) {
    const probed = targets.map((target, other) => (other === index ? bareTarget(target) : { ...goodTarget, id: `probe/${String(other)}` }))
    yield { place: `${place}.targets.${String(index)}`, candidate: { targets: probed } }
  }
  for (const [index, fallback] of model.fallbacks.entries()) {
    // The entries before it are this model itself, which exists, so that the probed entry keeps its number.
    yield { place, candidate: { targets: [goodTarget], fallbacks: [...Array.from({ length: index }, () => name), fallback] } }
  }
  if (model.shadow !== undefined) yield { place, candidate: { targets: [goodTarget], shadow: model.shadow } }
}

function* variantProblems(config: GatewayConfig, name: string, model: ModelConfig): Generator<ConfigIssue> {
  for (const [index, variant] of (model.variants ?? []).entries()) {
    const path = `models.${name}.variants.${String(index)}.model`
    const named = Object.hasOwn(config.models, variant.model) ? config.models[variant.model] : undefined
    if (named === undefined) {
      yield { path, message: `the model '${variant.model}' is not configured`, fix: 'add it to models or remove it here' }
    } else if (named.variants !== undefined) {
      yield { path, message: `the model '${variant.model}' has variants itself`, fix: 'name a model with targets' }
    }
  }
}

function* duplicateProblems(config: GatewayConfig): Generator<ConfigIssue> {
  const seen = new Set<string>()
  for (const [name, model] of Object.entries(config.models)) {
    for (const [index, { id }] of (model.targets ?? []).entries()) {
      if (id === undefined) continue
      const path = `models.${name}.targets.${String(index)}.id`
      if (seen.has(id)) yield { path, message: `the target id '${id}' is used twice`, fix: 'give each target its own' }
      seen.add(id)
    }
  }
}

/** Lists of models in rules: an entry that fits no model is a rule that never applies. */
function* ruleModels({ rateLimits, guardrails, cache }: GatewayConfig): Generator<readonly [path: string, names: readonly string[]]> {
  for (const [index, { models }] of (rateLimits?.rules ?? []).entries()) yield [`rateLimits.rules.${String(index)}.models`, models ?? []]
  for (const [index, { models }] of (guardrails?.attach ?? []).entries()) yield [`guardrails.attach.${String(index)}.models`, models ?? []]
  yield ['cache.models', cache?.models ?? []]
}

function* unknownModelProblems(config: GatewayConfig): Generator<ConfigIssue> {
  const models = Object.keys(config.models)
  for (const [path, names] of ruleModels(config)) {
    for (const [index, name] of names.entries()) {
      if (name === '*' || models.some((model) => matchesName([name], model))) continue
      const message = `'${name}' fits no model of this configuration, so this would never apply`
      yield { path: `${path}.${String(index)}`, message, fix: 'name a model as in models, or take the entry out' }
    }
  }
}

function* doubleRuleProblems({ blocking }: GatewayConfig): Generator<ConfigIssue> {
  const seen = new Set<string>()
  for (const [index, { id }] of (blocking?.rules ?? []).entries()) {
    if (id === undefined) continue
    const path = `blocking.rules.${String(index)}.id`
    if (seen.has(id)) yield { path, message: `the rule id '${id}' is used twice`, fix: 'give each rule its own' }
    seen.add(id)
  }
}

/** Every problem of a configuration that its schema cannot see: providers, policies, models and options that do not exist. */
export async function findReferenceProblems(config: GatewayConfig): Promise<readonly ConfigIssue[]> {
  const problems: ConfigIssue[] = [...duplicateProblems(config), ...unknownModelProblems(config), ...doubleRuleProblems(config)]
  for (const [name, model] of Object.entries(config.models)) {
    problems.push(...variantProblems(config, name, model))
    for (const { place, candidate } of probesOf(name, model)) {
      const problem = await probe({ ...namedModels(config, candidate), [name]: candidate }, place)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return problems
}
