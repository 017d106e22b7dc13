/** Serves questions over HTTP as a plain `fetch` handler: mount it in any server. */
import { isBudError, type BudError } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { dimensionNames } from '../ask/dimension.ts'
import type { MetricsReader } from '../ask/reader.ts'
import type { Scope } from '../ask/scope.ts'
import { parseQuery } from '../ask/question.ts'

export interface MetricsHandlerOptions {
  readonly metrics: MetricsReader
  /** Whose rows the caller may see; undefined answers 401. */
  readonly authorize: (request: Request) => Scope | undefined | Promise<Scope | undefined>
  /** Default `/api/metrics`. */
  readonly basePath?: string
}

/** Unix milliseconds, or any ISO 8601 time with its zone. */
const timeSchema = z
  .string()
  .transform((text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : /[Zz]|[+-]\d\d:?\d\d$/.test(text) ? Date.parse(text) : Number.NaN))
  .refine((value) => Number.isFinite(value), { error: 'must be Unix milliseconds or an ISO 8601 time with a zone' })

const numberSchema = z
  .string()
  .regex(/^\d+(\.\d+)?$/, { error: 'must be a number' })
  .transform(Number)

/** Names with commas between them. */
const listSchema = z.string().transform((text) => text.split(','))

const filterParams = Object.fromEntries(dimensionNames.map((name) => [name, z.array(z.string()).optional()]))

const params = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const valid = [...Object.keys(shape), ...dimensionNames]
  return z.strictObject(
    { ...shape, ...filterParams },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `unknown query parameter ${issue.keys.map((key) => `'${key}'`).join(', ')}; valid are ${valid.join(', ')}`
          : undefined,
    },
  )
}

const listParams = params({
  limit: numberSchema.optional(),
  cursor: z.string().optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
})
const seriesParams = params({
  windowSeconds: numberSchema.optional(),
  intervalSeconds: numberSchema.optional(),
  measures: listSchema.optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
})
const summaryParams = params({
  windowSeconds: numberSchema.optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  limit: numberSchema.optional(),
  groupBy: listSchema.optional(),
})

/** Filters may repeat (`model=a&model=b`); everything else must not. */
function readParams(url: URL): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  // Safe: only membership is asked.
  const isFilter = (name: string) => (dimensionNames as readonly string[]).includes(name)
  for (const name of new Set(url.searchParams.keys())) {
    const all = url.searchParams.getAll(name)
    if (isFilter(name)) values[name] = all
    else if (all.length === 1) values[name] = all[0]
    else throw metricsErrors.QUESTION_INVALID({ issues: [{ path: name, message: 'is given more than once', fix: 'give it once' }] })
  }
  return values
}

const present = <Value extends object>(value: Value) =>
  // Safe: the fields that are undefined are left out, which is what exact optional types ask for.
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    readonly [Name in keyof Value]: Exclude<Value[Name], undefined>
  }

/** The fields of the reader's query, from those of the URL. */
function toQuery(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { from, to, ...rest } = values
  // Safe: only membership is asked.
  const isFilter = (name: string) => (dimensionNames as readonly string[]).includes(name)
  const filters = Object.fromEntries(Object.entries(rest).filter(([name, value]) => isFilter(name) && value !== undefined))
  const others = Object.fromEntries(Object.entries(rest).filter(([name]) => !isFilter(name)))
  return present({ ...others, filters, fromUnixMs: from, toUnixMs: to })
}

function toErrorResponse(error: BudError): Response {
  const retry = error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }
  const details: unknown = metricsErrors.QUESTION_INVALID.is(error) ? error.details.issues : undefined
  return Response.json({ error: { code: error.code, message: error.message, issues: details } }, { status: error.status, headers: retry })
}

async function answer(reader: MetricsReader, url: URL, path: string, signal: AbortSignal): Promise<unknown> {
  const values = readParams(url)
  if (path === '/requests') return reader.requests(toQuery(parseQuery(listParams, values)), signal)
  if (path === '/series') return reader.series(toQuery(parseQuery(seriesParams, values)), signal)
  if (path === '/summary') return reader.summary(toQuery(parseQuery(summaryParams, values)), signal)
  const id = /^\/requests\/([^/]+)$/.exec(path)?.[1]
  if (id === undefined) throw metricsErrors.ROUTE_UNKNOWN({ path: url.pathname })
  const decoded = decodeSegment(id)
  const event = await reader.request(decoded, signal)
  if (event === undefined) throw metricsErrors.REQUEST_UNKNOWN({ id: decoded })
  return event
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw metricsErrors.REQUEST_UNKNOWN({ id: segment }, { cause: error })
  }
}

/**
 * Serves `GET <basePath>/requests`, `/requests/:id`, `/series` and `/summary` as JSON; errors are `{ error: { code, message, issues } }`.
 * Query parameters carry the names of the reader's fields, `from` and `to` the times, and every dimension filters by its name.
 * @throws only what `authorize` throws and bugs: every error of the catalogue becomes a response
 */
export function createMetricsHandler({
  metrics,
  authorize,
  basePath = '/api/metrics',
}: MetricsHandlerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url)
    try {
      if (!url.pathname.startsWith(`${basePath}/`)) throw metricsErrors.ROUTE_UNKNOWN({ path: url.pathname })
      if (request.method !== 'GET' && request.method !== 'HEAD') throw metricsErrors.METHOD_UNSUPPORTED({ method: request.method })
      const scope = await authorize(request)
      if (scope === undefined) throw metricsErrors.UNAUTHORIZED()
      const body = await answer(metrics.scopedTo(scope), url, url.pathname.slice(basePath.length), request.signal)
      return Response.json(body, { headers: { 'cache-control': 'no-store' } })
    } catch (error) {
      if (isBudError(error)) return toErrorResponse(error)
      throw error
    }
  }
}
