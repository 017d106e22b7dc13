/** The configuration made ready for requests: an immutable snapshot, swapped whole, whose targets keep their statistics. */
import type { Provider, RoutingPolicy, Secret, SecretStore, Target } from '@bud-foundry/core'
import type {
  CredentialConfig,
  GatewayConfig,
  HealthCheckConfig,
  HedgeConfig,
  ModelConfig,
  RetryConfig,
  TargetConfig,
  Timeouts,
} from '../config.ts'
import { gatewayErrors } from '../errors.ts'
import type { PriceBook } from '../money/price-book.ts'
import { configEntry, TargetPrice } from '../money/price-book.ts'
import type { PriceEntry } from '../money/price-schema.ts'
import { compileHeaderPolicy, type HeaderPolicy } from '../pipeline/header-policy.ts'
import { CredentialState } from './credential-state.ts'
import { TargetHealth } from './target-health.ts'
import { TargetState } from './target-state.ts'

export interface ModelEntry {
  readonly name: string
  readonly config: ModelConfig
  readonly targets: readonly TargetState[]
  readonly policy: RoutingPolicy
  /** Whether the targets stand in more than one tier. */
  readonly tiered: boolean
  readonly timeouts: Timeouts
  readonly retry: RetryConfig
  readonly hedge: HedgeConfig | undefined
  readonly healthCheck: HealthCheckConfig | undefined
}

export interface Snapshot {
  readonly config: GatewayConfig
  readonly models: ReadonlyMap<string, ModelEntry>
  readonly targets: ReadonlyMap<string, TargetState>
  readonly headerPolicy: HeaderPolicy
}

export interface SnapshotParts {
  readonly providers: ReadonlyMap<string, Provider>
  readonly policies: ReadonlyMap<string, RoutingPolicy>
  readonly prices: PriceBook
  /** Unix time, for prices that hold from a day on. */
  readonly now: () => number
}

const isSecret = (credential: CredentialConfig): credential is Secret => 'reveal' in credential

const listCredentials = (target: TargetConfig): readonly (CredentialConfig | undefined)[] =>
  Array.isArray(target.credential) ? target.credential : [target.credential]

/** Reads every credential that the configuration only refers to. Without references this needs no I/O: then it returns undefined. */
export function resolveCredentials(
  config: GatewayConfig,
  secrets: SecretStore | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Secret>> | undefined {
  const references = new Set<string>()
  for (const [name, model] of Object.entries(config.models)) {
    for (const [index, target] of (model.targets ?? []).entries()) {
      for (const credential of listCredentials(target)) {
        if (credential === undefined || isSecret(credential)) continue
        if (secrets === undefined) throw gatewayErrors.NO_SECRET_STORE({ path: `models.${name}.targets.${String(index)}.credential` })
        references.add(credential.reference)
      }
    }
  }
  for (const [name, rail] of Object.entries(config.guardrails?.rails ?? {})) {
    if (!('credential' in rail) || rail.credential === undefined || isSecret(rail.credential)) continue
    if (secrets === undefined) throw gatewayErrors.NO_SECRET_STORE({ path: `guardrails.rails.${name}.credential` })
    references.add(rail.credential.reference)
  }
  if (secrets === undefined || references.size === 0) return undefined
  const read = async (reference: string) => [reference, await secrets.read(reference, signal)] as const
  return Promise.all([...references].map(read)).then((entries) => new Map(entries))
}

/** One target of the configuration becomes one state per credential; what leads to the same place keeps its health. */
class SnapshotBuilder {
  readonly targets = new Map<string, TargetState>()
  readonly #credentials = new Map<string, CredentialState>()
  readonly #parts: SnapshotParts
  readonly #secrets: ReadonlyMap<string, Secret>
  readonly #previous: Snapshot | undefined

  constructor(parts: SnapshotParts, secrets: ReadonlyMap<string, Secret>, previous: Snapshot | undefined) {
    this.#parts = parts
    this.#secrets = secrets
    this.#previous = previous
    for (const state of previous?.targets.values() ?? []) {
      const plain = state.target.credential?.reveal()
      if (plain !== undefined) this.#credentials.set(plain, state.credential)
    }
  }

  model(config: GatewayConfig, name: string, model: ModelConfig): ModelEntry {
    const policy = this.#parts.policies.get(model.policy)
    if (policy === undefined) {
      const known = [...this.#parts.policies.keys()].join(', ')
      throw gatewayErrors.UNKNOWN_POLICY({ path: `models.${name}.policy`, policy: model.policy, known })
    }
    this.#checkReferences(config, name, model)
    const targets = (model.targets ?? []).flatMap((target, index) => this.#expand({ name, model, target, index }))
    return {
      name,
      config: model,
      targets,
      policy,
      tiered: new Set(targets.map((state) => state.target.tier)).size > 1,
      timeouts: { ...config.timeouts, ...withoutUndefined(model.timeouts) },
      retry: { ...config.retry, ...withoutUndefined(model.retry) },
      hedge: model.hedge,
      healthCheck: model.healthCheck,
    }
  }

  #checkReferences(config: GatewayConfig, name: string, model: ModelConfig): void {
    const check = (path: string, other: string) => {
      if (!Object.hasOwn(config.models, other)) throw gatewayErrors.UNKNOWN_FALLBACK({ path, model: other })
    }
    for (const [index, fallback] of model.fallbacks.entries()) check(`models.${name}.fallbacks.${String(index)}`, fallback)
    for (const [index, variant] of (model.variants ?? []).entries()) {
      const path = `models.${name}.variants.${String(index)}.model`
      check(path, variant.model)
      if (config.models[variant.model]?.variants !== undefined) throw gatewayErrors.NESTED_VARIANTS({ path, model: variant.model })
    }
    if (model.shadow !== undefined) check(`models.${name}.shadow.model`, model.shadow.model)
    if (model.targets === undefined && model.variants === undefined) throw gatewayErrors.NO_TARGETS({ path: `models.${name}` })
  }

  #expand(place: {
    readonly name: string
    readonly model: ModelConfig
    readonly target: TargetConfig
    readonly index: number
  }): TargetState[] {
    const credentials = listCredentials(place.target)
    return credentials.map((credential, number) => {
      const suffix = credentials.length === 1 ? '' : `#${String(number + 1)}`
      const id = `${baseId(place)}${suffix}`
      return this.#target(place, { id, weight: place.target.weight / credentials.length, credential: this.#secretOf(credential) })
    })
  }

  #target(
    place: { readonly name: string; readonly model: ModelConfig; readonly target: TargetConfig; readonly index: number },
    own: { readonly id: string; readonly weight: number; readonly credential: Secret | undefined },
  ): TargetState {
    const path = `models.${place.name}.targets.${String(place.index)}`
    if (this.targets.has(own.id)) throw gatewayErrors.DUPLICATE_TARGET({ path: `${path}.id`, id: own.id })
    const provider = this.#parts.providers.get(place.target.provider)
    if (provider === undefined) {
      const known = [...this.#parts.providers.keys()].join(', ')
      throw gatewayErrors.UNKNOWN_PROVIDER({ path: `${path}.provider`, provider: place.target.provider, known })
    }
    const baseUrl = place.target.baseUrl ?? provider.defaultBaseUrl
    if (baseUrl === undefined) throw gatewayErrors.NO_BASE_URL({ path: `${path}.baseUrl`, provider: provider.id })
    const target: Target = {
      id: own.id,
      providerId: provider.id,
      modelId: place.target.model ?? place.name,
      baseUrl: new URL(baseUrl),
      credential: own.credential,
      weight: own.weight,
      tier: place.target.tier,
      options: place.target.options,
    }
    const priced = { targetId: baseId(place), model: place.name, providerId: provider.id, upstreamModel: target.modelId }
    const price = new TargetPrice(this.#parts.prices, priced, this.#parts.now)
    const known = this.#previous?.targets.get(own.id)
    const health = known !== undefined && isSameTarget(known.target, target) ? known.health : new TargetHealth()
    const state = new TargetState({ target, provider, price, health, credential: this.#credentialState(own.credential) })
    // Shows a wrong option (of this provider only) when the configuration is loaded, not at the first request.
    for (const operation of provider.operations) state.endpoint(operation)
    this.targets.set(own.id, state)
    return state
  }

  #secretOf(credential: CredentialConfig | undefined): Secret | undefined {
    if (credential === undefined || isSecret(credential)) return credential
    return this.#secrets.get(credential.reference)
  }

  /** Targets with the same credential share what is known about it. */
  #credentialState(credential: Secret | undefined): CredentialState {
    if (credential === undefined) return new CredentialState()
    const plain = credential.reveal()
    let state = this.#credentials.get(plain)
    if (state === undefined) this.#credentials.set(plain, (state = new CredentialState()))
    return state
  }
}

/** The target's id without the number of its credential. */
const baseId = (place: { readonly name: string; readonly target: TargetConfig; readonly index: number }): string =>
  place.target.id ?? `${place.name}/${String(place.index + 1)}`

/** Every price of the configuration: those beside targets and models, and the book. */
function configPrices(config: GatewayConfig): readonly PriceEntry[] {
  const entries: PriceEntry[] = [...(config.prices?.entries ?? [])]
  for (const [name, model] of Object.entries(config.models)) {
    if (model.price !== undefined) entries.push(configEntry({ model: name }, model.price))
    for (const [index, target] of (model.targets ?? []).entries())
      if (target.price !== undefined) entries.push(configEntry({ targetId: baseId({ name, target, index }) }, target.price))
  }
  return entries
}

const isSameTarget = (left: Target, right: Target): boolean =>
  left.providerId === right.providerId &&
  left.modelId === right.modelId &&
  left.baseUrl.href === right.baseUrl.href &&
  left.credential?.reveal() === right.credential?.reveal() &&
  JSON.stringify(left.options) === JSON.stringify(right.options)

const withoutUndefined = <Fields extends object>(fields: Fields | undefined): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  // Filtering removes exactly the undefined values, which is what the type says.
  Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as never

/** @throws GATEWAY_UNKNOWN_PROVIDER and its like, naming the field. */
export function buildSnapshot(
  config: GatewayConfig,
  parts: SnapshotParts,
  secrets: ReadonlyMap<string, Secret>,
  previous: Snapshot | undefined,
): Snapshot {
  const putPricesInForce = parts.prices.prepareConfig(configPrices(config))
  const builder = new SnapshotBuilder(parts, secrets, previous)
  const models = new Map(Object.entries(config.models).map(([name, model]) => [name, builder.model(config, name, model)]))
  // Last, because the rest can fail: then nothing has changed.
  putPricesInForce()
  return { config, models, targets: builder.targets, headerPolicy: compileHeaderPolicy(config.headers) }
}
