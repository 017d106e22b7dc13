/** One administrative operation as data: its address, its schemas, what it does and what of it is audited. Calls, routes, OpenAPI and audit all come from it. */
import type { z } from 'zod'
import type { AdminParts } from './admin-parts.ts'

export interface OperationInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

/** What an operation did, for the audit. */
export interface OperationChange {
  readonly subjectId?: string | undefined
  readonly before?: unknown
  readonly after?: unknown
}

export interface OperationSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Result extends z.ZodType> {
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its parameters in braces: `/keys/{id}`. */
  readonly path: `/${string}`
  /** The parts that it works on; without one of them it does not exist. */
  readonly needs: readonly (keyof AdminParts)[]
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly result: Result
  /** Of success; default 200. */
  readonly status?: 200 | 201
  /** Noun and verb for the audit; absent for operations that only read. */
  readonly audit?: { readonly action: string; readonly subjectKind: string } | undefined
  /** May show a secret once: its answer must not be kept by anyone. */
  readonly showsSecret?: boolean
}

/** An operation, and what it does. `note` tells the audit what changed, before anything can fail after it. */
export interface Operation<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Result extends z.ZodType,
> extends OperationSpec<Params, Query, Body, Result> {
  readonly run: (
    parts: AdminParts,
    input: OperationInput<z.output<Params>, z.output<Query>, z.output<Body>>,
    note: (change: OperationChange) => void,
  ) => z.input<Result> | Promise<z.input<Result>>
}

export type AnyOperation = Operation<z.ZodType, z.ZodType, z.ZodType, z.ZodType>

/** Ties the schemas of an operation to what its function gets and gives. */
export const operation = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Result extends z.ZodType>(
  spec: Operation<Params, Query, Body, Result>,
): Operation<Params, Query, Body, Result> => spec
