/**
 * Budgets: kept in the Store, counted in every process from the events of its gateway, summed over all of them, told about once per threshold and
 * window. A hard stop is a spend limit with reservation on the subject; what is counted here only tells.
 */
import {
  createId,
  createMemoryStore,
  resolveConfig,
  silentLogger,
  systemClock,
  systemRandom,
  type BudEvent,
  type BudgetAlertEvent,
  type Claim,
  type Clock,
  type Logger,
  type Random,
  type RequestEvent,
  type Reservation,
  type SecretStore,
  type Store,
} from '@bud-foundry/core'
import { hash } from 'node:crypto'
import { gatewayErrors } from '../errors.ts'
import { RecordMirror } from '../key/record-mirror.ts'
import { credentialReferencePrefix } from '../key/credential-vault.ts'
import { matchesName } from '../key/key-record.ts'
import type { GovernanceAdmin } from '../key/governance-admin.ts'
import { budgetLimitPrefix } from '../limit/budget-limit.ts'
import { countOf } from '../limit/limit-plan.ts'
import type { Limit } from '../limit/limit-schema.ts'
import { budgetCount, spendFlushMs, storeRecheckMs, webhookCloseMs, webhooksAtOnce } from '../limits.ts'
import type { GatewayEvent } from '../telemetry/live-events.ts'
import { budgetSchema, type Budget, type BudgetInput, type BudgetState, type BudgetSubject } from './budget.ts'
import { windowAt, type TimeWindow } from './budget-window.ts'
import { earlierSpend } from './earlier-spend.ts'
import { knownNanos } from './known-cost.ts'
import { toNanos, toUsd } from './nano-usd.ts'
import type { SpendLedger } from './spend-ledger.ts'
import { postWebhook, type WebhookFetcher } from './webhook.ts'

const prefix = 'gateway/budgets/'
const spendPrefix = 'gateway/budget-spend/'
const alertPrefix = 'gateway/budget-alerts/'
/** How long counts outlive their window, so that a late reader still finds them. */
const keptMs = 7 * 86_400_000

export interface BudgetsParts {
  readonly store?: Store | undefined
  /** Where hard stops are set: without it a budget with `stop` is refused. */
  readonly admin?: GovernanceAdmin | undefined
  /** Sends webhooks: `createSafeFetcher()`. Without it a budget with a webhook is refused. */
  readonly fetcher?: WebhookFetcher | undefined
  /** Reads the credentials that sign webhooks: the vault. */
  readonly secrets?: SecretStore | undefined
  /** Says what the present window has cost before a budget is made: the ledger of spend. Without it budgets count from when they are made. */
  readonly spend?: Pick<SpendLedger, 'report'> | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly logger?: Logger | undefined
}

export interface Budgets extends AsyncDisposable {
  readonly ready: Promise<void>
  /** Makes or replaces it. @throws CORE_CONFIG_INVALID and GATEWAY_INVALID_BODY naming the field, GATEWAY_BUDGET_NOT_STOPPABLE, GATEWAY_NO_WEBHOOKS */
  put(budget: BudgetInput): Promise<Budget>
  delete(id: string): Promise<boolean>
  get(id: string): Budget | undefined
  list(): readonly Budget[]
  /** What the current window has seen, over all processes; undefined for an unknown budget. */
  state(id: string): Promise<BudgetState | undefined>
  /** Counts what a gateway's requests cost: pass it to `gateway.onEvent`. */
  readonly onEvent: (event: GatewayEvent) => void
  /** Hears of every alert that this process has raised. */
  onAlert(listener: (alert: BudgetAlertEvent) => void): Disposable
  /** Writes what was counted, looks at the thresholds, and waits for webhooks under way. */
  flush(): Promise<void>
}

const covers = (subject: BudgetSubject, event: RequestEvent): boolean => {
  switch (subject.kind) {
    case 'all':
      return true
    case 'key':
      return event.keyId === subject.id
    case 'user':
      return event.userId === subject.id
    case 'project':
      return event.projectId === subject.id
    case 'model':
      return event.model !== undefined && matchesName([subject.id], event.model)
  }
}

interface Count extends TimeWindow {
  /** In the store: nothing else is ever written there. */
  readonly key: string
  nanos: number
  /** Whether the store does not have it yet. */
  isNew: boolean
}

/** Says what is counted together: another subject or window begins from nothing. */
const scopeOf = ({ subject, window }: Budget): string => hash('sha256', JSON.stringify([subject, window]), 'hex').slice(0, 16)

/** A name that a limit may have, and no two budgets share. */
function limitName(budgetId: string): string {
  if (/^[\w-]{1,57}$/.test(budgetId)) return budgetLimitPrefix + budgetId
  return `${budgetLimitPrefix}${budgetId.replaceAll(/[^\w-]/g, '-').slice(0, 32)}-${hash('sha256', budgetId, 'hex').slice(0, 24)}`
}

const stopOf = ({ id, limitUsd, window }: Budget): Limit => ({ kind: 'spend', name: limitName(id), limitUsd, window })

/** Somebody else has made it meanwhile. */
function ignoreExisting(error: unknown): undefined {
  if (!gatewayErrors.ALREADY_EXISTS.is(error)) throw error
}

class StoredBudgets implements Budgets {
  readonly ready: Promise<void>
  readonly #store: Store
  readonly #admin: GovernanceAdmin | undefined
  readonly #fetcher: WebhookFetcher | undefined
  readonly #secrets: SecretStore | undefined
  readonly #spend: Pick<SpendLedger, 'report'> | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #mirror: RecordMirror<Budget>
  readonly #counts = new Map<string, Count>()
  /** Counts of windows that are over, until the store has them. */
  readonly #owed = new Set<Count>()
  readonly #listeners = new Set<(alert: BudgetAlertEvent) => void>()
  readonly #stop = new AbortController()
  readonly #posting = new Set<Promise<unknown>>()
  #timer: Disposable | undefined
  #closed = false
  #work: Promise<void> = Promise.resolve()

  constructor(parts: BudgetsParts) {
    this.#clock = parts.clock ?? systemClock
    this.#random = parts.random ?? systemRandom
    this.#logger = parts.logger ?? silentLogger
    this.#store = parts.store ?? createMemoryStore({ clock: this.#clock })
    this.#admin = parts.admin
    this.#fetcher = parts.fetcher
    this.#secrets = parts.secrets
    this.#spend = parts.spend
    this.#mirror = new RecordMirror<Budget>({
      store: this.#store,
      clock: this.#clock,
      prefix,
      schema: budgetSchema,
      what: 'budget',
      countMax: budgetCount,
      ttlMs: () => undefined,
      onChange: (before, after) => {
        if (before !== undefined && (after === undefined || scopeOf(before) !== scopeOf(after))) this.#close(before.id)
      },
      onReload: () => Promise.resolve(),
      onFailure: this.#onFailure,
    })
    this.ready = this.#mirror.ready
  }

  async put(input: BudgetInput): Promise<Budget> {
    const budget = resolveConfig('budget', budgetSchema, input)
    if (budget.webhook !== undefined) this.#checkWebhook(budget.webhook)
    const before = this.#mirror.get(budget.id)
    const isSameCount = before !== undefined && scopeOf(before) === scopeOf(budget)
    const isNewStop = budget.stop && !(isSameCount && before.stop)
    // What is compared with the store must be in it.
    if (!isSameCount || isNewStop) await this.#flushNow()
    if (!isSameCount) await this.#countEarlier(budget)
    if (isNewStop) await this.#fillStop(budget)
    if (budget.stop) await this.#setStop(budget)
    if (before?.stop === true && (!budget.stop || JSON.stringify(before.subject) !== JSON.stringify(budget.subject)))
      await this.#clearStop(before)
    return (await this.#mirror.change(budget.id, () => budget)) ?? (await this.#mirror.create(budget))
  }

  /** Records that are there may have such an address: it is refused where one is put. */
  #checkWebhook({ url }: NonNullable<Budget['webhook']>): void {
    if (this.#fetcher === undefined) throw gatewayErrors.NO_WEBHOOKS()
    const { username, password } = new URL(url)
    if (username === '' && password === '') return
    const problem = 'it holds a user name or a password, which no webhook is sent with; leave them out, and sign with a credential'
    throw gatewayErrors.INVALID_BODY({ field: 'webhook.url', problem })
  }

  async delete(id: string): Promise<boolean> {
    const before = this.#mirror.get(id)
    if (before?.stop === true) await this.#clearStop(before)
    return await this.#mirror.delete(id)
  }

  get(id: string): Budget | undefined {
    return this.#mirror.get(id)
  }

  list(): readonly Budget[] {
    return this.#mirror.list()
  }

  async state(id: string): Promise<BudgetState | undefined> {
    const budget = this.#mirror.get(id)
    if (budget === undefined) return undefined
    await this.#flushNow()
    const window = windowAt(budget.window, this.#clock.nowMs())
    const nanos = await this.#sum(budget, window)
    return {
      budget,
      windowStartUnixMs: window.startUnixMs,
      windowEndUnixMs: window.endUnixMs,
      spentUsd: toUsd(nanos),
      remainingUsd: toUsd(Math.max(0, toNanos(budget.limitUsd) - nanos)),
    }
  }

  readonly onEvent = (event: GatewayEvent): void => {
    if (event.kind !== 'request') return
    const nanos = knownNanos(event)
    if (nanos === 0) return
    // Counted where the request ended: that is when its cost is known.
    const unixMs = event.timeUnixMs + event.durationMs
    for (const budget of this.#mirror.list()) if (covers(budget.subject, event)) this.#add(budget, nanos, unixMs)
    if (this.#counts.size > 0) this.#schedule()
  }

  onAlert(listener: (alert: BudgetAlertEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async flush(): Promise<void> {
    await this.#flushNow()
    await Promise.all(this.#posting)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushNow()
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    // Nobody else sends what the store says is told.
    using _timer = this.#clock.schedule(webhookCloseMs, () => {
      this.#stop.abort()
    })
    await Promise.allSettled(this.#posting)
    this.#stop.abort()
    await this.#mirror[Symbol.asyncDispose]()
  }

  readonly #onFailure = (error: unknown): void => {
    this.#logger.warn('budgets could not be counted or told', { error })
  }

  #add(budget: Budget, nanos: number, unixMs: number): void {
    const count = this.#counts.get(budget.id)
    if (count !== undefined && unixMs >= count.startUnixMs && unixMs < count.endUnixMs) {
      count.nanos += nanos
      count.isNew = true
      return
    }
    // What an earlier window still owes is written before its place is taken.
    this.#close(budget.id)
    const window = windowAt(budget.window, unixMs)
    const key = this.#spendKey(budget, window) + createId(this.#clock, this.#random)
    this.#counts.set(budget.id, { ...window, key, nanos, isNew: true })
  }

  #close(id: string): void {
    const count = this.#counts.get(id)
    this.#counts.delete(id)
    if (count?.isNew !== true) return
    if (this.#owed.size < budgetCount) this.#owed.add(count)
    else this.#logger.warn('what a budget has counted is lost: too much waits for the store', { budgetId: id })
    this.#schedule()
  }

  #schedule(waitMs = spendFlushMs): void {
    if (this.#closed) return
    this.#timer ??= this.#clock.schedule(waitMs, () => {
      this.#timer = undefined
      void this.#flushNow()
    })
  }

  /** Never rejects: what fails is tried again. */
  #flushNow(): Promise<void> {
    this.#work = this.#work
      .then(() => this.#flushAll())
      .catch((error: unknown) => {
        this.#onFailure(error)
        this.#schedule(storeRecheckMs)
      })
    return this.#work
  }

  async #flushAll(): Promise<void> {
    for (const count of this.#owed) {
      await this.#write(count)
      this.#owed.delete(count)
    }
    for (const [id, count] of this.#counts) {
      if (!count.isNew) continue
      count.isNew = false
      try {
        await this.#write(count)
        const budget = this.#mirror.get(id)
        if (budget !== undefined) await this.#tell(budget, count)
      } catch (error) {
        // Written and looked at again.
        count.isNew = true
        throw error
      }
    }
  }

  async #write({ key, nanos, endUnixMs }: Count): Promise<void> {
    const ttlMs = Math.max(1, endUnixMs - this.#clock.nowMs()) + keptMs
    await this.#store.set(key, Buffer.from(String(nanos)), { ttlMs })
  }

  #spendKey(budget: Budget, window: TimeWindow): string {
    return `${spendPrefix}${budget.id}/${scopeOf(budget)}/${String(window.startUnixMs)}/`
  }

  async #sum(budget: Budget, window: TimeWindow): Promise<number> {
    let nanos = 0
    for await (const key of this.#store.list(this.#spendKey(budget, window))) {
      const bytes = await this.#store.get(key)
      if (bytes !== undefined) nanos += Number(Buffer.from(bytes).toString())
    }
    return nanos
  }

  async #tell(budget: Budget, window: TimeWindow): Promise<void> {
    const spent = await this.#sum(budget, window)
    const limit = toNanos(budget.limitUsd)
    for (const percent of [...budget.alertPercents].sort((left, right) => left - right)) {
      if (spent * 100 < limit * percent) return
      const key = `${alertPrefix}${budget.id}/${scopeOf(budget)}/${String(window.startUnixMs)}/${String(percent)}`
      const ttlMs = Math.max(1, window.endUnixMs - this.#clock.nowMs()) + keptMs
      // The first process to write it tells; a change of the budget's amount does not make it tell again.
      if (await this.#store.set(key, Buffer.from('told'), { ifAbsent: true, ttlMs })) this.#alert(budget, window, { percent, spent })
    }
  }

  #alert(budget: Budget, window: TimeWindow, { percent, spent }: { readonly percent: number; readonly spent: number }): void {
    const alert: BudgetAlertEvent = {
      id: createId(this.#clock, this.#random),
      kind: 'budget-alert',
      timeUnixMs: this.#clock.nowMs(),
      budgetId: budget.id,
      budgetName: budget.name,
      ...(budget.subject.kind === 'project' ? { projectId: budget.subject.id } : {}),
      percent,
      limitUsd: budget.limitUsd,
      spentUsd: toUsd(spent),
      windowStartUnixMs: window.startUnixMs,
      windowEndUnixMs: window.endUnixMs,
      stops: budget.stop,
    }
    this.#logger.warn('a budget has passed a threshold', {
      budgetId: budget.id,
      percent,
      spentUsd: alert.spentUsd,
      limitUsd: budget.limitUsd,
    })
    for (const listener of this.#listeners) {
      try {
        listener(alert)
      } catch (error) {
        this.#onFailure(error)
      }
    }
    if (budget.webhook !== undefined && this.#fetcher !== undefined) this.#post(budget.webhook, alert, this.#fetcher)
  }

  #post(webhook: NonNullable<Budget['webhook']>, alert: BudgetAlertEvent, fetcher: WebhookFetcher): void {
    if (this.#posting.size >= webhooksAtOnce) {
      this.#logger.warn('an alert is not posted: too many webhooks are under way', { budgetId: alert.budgetId, percent: alert.percent })
      return
    }
    const { signal } = this.#stop
    const send = async (): Promise<void> => {
      const secret =
        webhook.credential === undefined ? undefined : await this.#secrets?.read(credentialReferencePrefix + webhook.credential, signal)
      if (webhook.credential !== undefined && secret === undefined) throw gatewayErrors.NO_WEBHOOKS()
      const message = { url: webhook.url, id: alert.id, body: alert satisfies BudEvent, secret }
      await postWebhook(message, { fetcher, clock: this.#clock, signal, onFailure: this.#onFailure })
    }
    const posting = send()
      .catch(this.#onFailure)
      .finally(() => this.#posting.delete(posting))
    this.#posting.add(posting)
  }

  /** What the window has cost until now counts as if the budget had been there, once: what was counted for it before is part of that. */
  async #countEarlier(budget: Budget): Promise<void> {
    if (this.#spend === undefined) return
    const nowMs = this.#clock.nowMs()
    const window = windowAt(budget.window, nowMs)
    const { nanos, isPartial } = await earlierSpend(this.#spend, budget.subject, window, nowMs)
    if (isPartial) this.#logger.warn('a budget begins with less than was spent: the ledger has too many rows', { budgetId: budget.id })
    const missing = nanos - (await this.#sum(budget, window))
    if (missing <= 0) return
    const key = this.#spendKey(budget, window) + createId(this.#clock, this.#random)
    await this.#write({ ...window, key, nanos: missing, isNew: true })
  }

  /** A stop begins with what its budget has counted, or what other limits of the same window have, if that is more. */
  async #fillStop(budget: Budget): Promise<void> {
    const { subject } = budget
    if (subject.kind === 'all' || subject.kind === 'model') return
    const nowMs = this.#clock.nowMs()
    const nanos = await this.#sum(budget, windowAt(budget.window, nowMs))
    const claim = { ...countOf(stopOf(budget), subject, nowMs), limit: Number.MAX_SAFE_INTEGER }
    const { usage } = await this.#addTo(claim, 0)
    const missing = nanos - (usage[0]?.used ?? 0)
    if (missing > 0) await this.#addTo(claim, missing)
  }

  async #addTo(claim: Omit<Claim, 'amount'>, amount: number): Promise<Reservation> {
    const added = await this.#store.reserve([{ ...claim, amount }])
    if (added.admitted) await this.#store.settle(added.id, [{ key: claim.key, amount }])
    return added
  }

  async #setStop(budget: Budget): Promise<void> {
    const limit = stopOf(budget)
    const add = (limits: readonly Limit[]) => [...limits.filter(({ name }) => name !== limit.name), limit]
    if (await this.#updateLimits(budget, add)) return
    const { id, subject } = budget
    if (subject.kind === 'project') await this.#admin?.createProject({ id: subject.id }).catch(ignoreExisting)
    if (subject.kind === 'user') await this.#admin?.createUser({ id: subject.id }).catch(ignoreExisting)
    if (subject.kind === 'all' || subject.kind === 'model' || (await this.#updateLimits(budget, add))) return
    throw gatewayErrors.BUDGET_SUBJECT_UNKNOWN({ budget: id, subject: `${subject.kind} '${subject.id}'` })
  }

  /** Whoever is gone needs no limit taken away. */
  async #clearStop(budget: Budget): Promise<void> {
    await this.#updateLimits(budget, (limits) => limits.filter(({ name }) => name !== limitName(budget.id)))
  }

  /** Of the record as it is in the store; false when there is none. */
  async #updateLimits({ id, subject }: Budget, edit: (limits: readonly Limit[]) => readonly Limit[]): Promise<boolean> {
    const change = ({ limits }: { readonly limits?: readonly Limit[] | undefined }) => ({ limits: edit(limits ?? []) })
    const admin = this.#admin
    if (admin !== undefined && subject.kind === 'key') return (await admin.updateKey(subject.id, change)) !== undefined
    if (admin !== undefined && subject.kind === 'project') return (await admin.updateProject(subject.id, change)) !== undefined
    if (admin !== undefined && subject.kind === 'user') return (await admin.updateUser(subject.id, change)) !== undefined
    throw gatewayErrors.BUDGET_NOT_STOPPABLE({ budget: id, subject: subject.kind })
  }
}

/** Opens the budgets. Connect them with `gateway.onEvent(budgets.onEvent)`, in every process. */
export const createBudgets = (parts: BudgetsParts = {}): Budgets => new StoredBudgets(parts)
