/** Every administrative operation as a typed call. The routes call the same function, so that nothing is changed without a trace. */
import { createId, isBudError, resolveConfig, systemClock, systemRandom, type AuditEvent } from '@bud-foundry/core'
import type { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import type { AdminParts } from './admin-parts.ts'
import type { AuditLog } from './audit-log.ts'
import { auditOperations } from './audit-operations.ts'
import { blockingOperations, cacheOperations, configOperations } from './gateway-operations.ts'
import { credentialOperations, keyOperations, projectAndUserOperations } from './key-operations.ts'
import { budgetOperations, priceOperations, spendOperations } from './money-operations.ts'
import type { AdminActor } from './actor.ts'
import type { AnyOperation, OperationChange } from './operation.ts'

/** Every operation by its name. */
export const adminOperations = {
  ...keyOperations,
  ...projectAndUserOperations,
  ...credentialOperations,
  ...priceOperations,
  ...budgetOperations,
  ...spendOperations,
  ...blockingOperations,
  ...cacheOperations,
  ...configOperations,
  ...auditOperations,
}

export type AdminOperations = typeof adminOperations
export type AdminOperationName = keyof AdminOperations

/** Parts of the input that have no field that must be given may be left out. */
type Part<Name extends string, Given> =
  Record<string, never> extends Given ? { readonly [Key in Name]?: Given } : { readonly [Key in Name]: Given }

/** What a call of an operation takes. */
export type AdminInput<Name extends AdminOperationName> = Part<'params', z.input<AdminOperations[Name]['params']>> &
  Part<'query', z.input<AdminOperations[Name]['query']>> &
  Part<'body', z.input<AdminOperations[Name]['body']>>
export type AdminResult<Name extends AdminOperationName> = z.output<AdminOperations[Name]['result']>

/** Who calls, for the audit. */
export interface AdminCaller {
  readonly actor: AdminActor
  /** Default: a new one. */
  readonly requestId?: string | undefined
}

export interface Admin {
  /** @throws GATEWAY_ADMIN_UNAVAILABLE where a part is missing, CORE_CONFIG_INVALID naming each wrong field, and what the operation throws. */
  call<Name extends AdminOperationName>(name: Name, input: AdminInput<Name>, caller: AdminCaller): Promise<AdminResult<Name>>
  /** The same for a name and an input that nobody has checked. */
  callUnchecked(name: string, input: { params?: unknown; query?: unknown; body?: unknown }, caller: AdminCaller): Promise<unknown>
  /** Leaves the trace of a call that did not come to be: of somebody unknown, or with a body that nobody could read. */
  refused(name: string, error: unknown, caller: AdminCaller): void
  /** The operations that exist here. */
  readonly operations: ReadonlyMap<string, AnyOperation>
}

export interface AdminInit extends AdminParts {
  readonly audit: AuditLog
}

interface Trace {
  readonly actor: AdminActor
  readonly requestId: string
  readonly outcome: AuditEvent['outcome']
  readonly errorCode: string | undefined
  readonly change: OperationChange
}

const outcomeOf = (error: unknown): AuditEvent['outcome'] => (isBudError(error) && error.status < 500 ? 'refused' : 'failed')
const codeOf = (error: unknown): string => (isBudError(error) ? error.code : 'GATEWAY_INTERNAL')

class AuditedAdmin implements Admin {
  readonly operations: ReadonlyMap<string, AnyOperation>
  readonly #parts: AdminParts
  readonly #audit: AuditLog

  constructor({ audit, ...parts }: AdminInit) {
    this.#parts = parts
    this.#audit = audit
    // Safe: an operation is always run with what its own schemas made of the input.
    const all = Object.entries(adminOperations) as unknown as [string, AnyOperation][]
    this.operations = new Map(all.filter(([, { needs }]) => needs.every((need) => parts[need] !== undefined)))
  }

  call<Name extends AdminOperationName>(name: Name, input: AdminInput<Name>, caller: AdminCaller): Promise<AdminResult<Name>> {
    // Safe: the result comes from the operation of that name.
    return this.callUnchecked(name, input, caller) as Promise<AdminResult<Name>>
  }

  async callUnchecked(
    name: string,
    input: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown },
    { actor, requestId = createId(systemClock, systemRandom) }: AdminCaller,
  ): Promise<unknown> {
    const operation = this.operations.get(name)
    if (operation === undefined) throw gatewayErrors.ADMIN_UNAVAILABLE({ operation: name })
    let change: OperationChange = {}
    const note = (more: OperationChange): void => {
      change = { ...change, ...more }
    }
    const trace = (outcome: AuditEvent['outcome'], errorCode?: string): void => {
      if (operation.audit !== undefined) this.#trace(operation.audit, { actor, requestId, outcome, errorCode, change })
    }
    try {
      const checked = {
        params: resolveConfig('path', operation.params, input.params ?? {}),
        query: resolveConfig('query', operation.query, input.query ?? {}),
        body: resolveConfig('request body', operation.body, input.body ?? {}),
      }
      const result = await operation.run(this.#parts, checked, note)
      trace('success')
      return result
    } catch (error) {
      trace(outcomeOf(error), codeOf(error))
      throw error
    }
  }

  refused(name: string, error: unknown, { actor, requestId = createId(systemClock, systemRandom) }: AdminCaller): void {
    // Whoever reads without being known is worth a trace, although readers leave none.
    const audit = this.operations.get(name)?.audit ?? { action: `${name}-refused`, subjectKind: 'administration' }
    this.#trace(audit, { actor, requestId, outcome: outcomeOf(error), errorCode: codeOf(error), change: {} })
  }

  #trace(
    { action, subjectKind }: { readonly action: string; readonly subjectKind: string },
    { actor, requestId, outcome, errorCode, change }: Trace,
  ): void {
    this.#audit.record({
      actor: {
        id: actor.id,
        ...(actor.name === undefined ? {} : { name: actor.name }),
        ...(actor.clientIp === undefined ? {} : { clientIp: actor.clientIp }),
      },
      action,
      subject: { kind: subjectKind, ...(change.subjectId === undefined ? {} : { id: change.subjectId }) },
      outcome,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(change.before === undefined ? {} : { before: change.before }),
      ...(change.after === undefined ? {} : { after: change.after }),
      requestId,
    })
  }
}

export const createAdmin = (init: AdminInit): Admin => new AuditedAdmin(init)
