/** Operations on prices, budgets and spend. */
import { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import { budgetSchema, type Budget, type BudgetInput } from '../money/budget.ts'
import type { CompiledPrice } from '../money/compiled-price.ts'
import { priceEntrySchema } from '../money/price-schema.ts'
import { priceRecordSchema } from '../money/prices.ts'
import { spendDimensions } from '../money/spend-ledger.ts'
import { operation } from './operation.ts'
import { deletedSchema, found, idParams, none, part, printable } from './operations-shared.ts'

const pricedSchema = z.strictObject({
  /** As events and spend name it. */
  version: z.string(),
  origin: z.literal(['built-in', 'config', 'admin']),
  ...priceEntrySchema.shape,
})
const toPriced = ({ version, origin, entry }: CompiledPrice): z.input<typeof pricedSchema> => ({ version, origin, ...entry })

export const priceOperations = {
  listPrices: operation({
    summary: 'Shows the whole price book: what was set at run time first, then the configuration, then what is built in.',
    method: 'GET',
    path: '/prices',
    needs: ['prices'],
    params: none,
    query: none,
    body: none,
    result: z.strictObject({ data: z.array(pricedSchema), set: z.array(priceRecordSchema) }),
    run: ({ prices }) => ({ data: part(prices).book.list().map(toPriced), set: [...part(prices).list()] }),
  }),
  getPriceVersion: operation({
    summary: 'Shows the price that an event or a line of spend names.',
    method: 'GET',
    path: '/price-versions/{version}',
    needs: ['prices'],
    params: z.strictObject({ version: z.string().min(1).max(100) }),
    query: none,
    body: none,
    result: pricedSchema,
    run: ({ prices }, { params: { version } }) => toPriced(found(part(prices).book.version(version), 'price version', version)),
  }),
  putPrice: operation({
    summary: 'Sets a price at run time, in every process at once. It goes before the configuration and the built-in prices.',
    method: 'PUT',
    path: '/prices/{id}',
    needs: ['prices'],
    params: idParams,
    query: none,
    body: priceEntrySchema,
    result: priceRecordSchema,
    audit: { action: 'price-put', subjectKind: 'price' },
    run: async ({ prices }, { params: { id }, body }, note) => {
      note({ subjectId: id, before: part(prices).get(id) })
      const after = await part(prices).put(id, body)
      note({ after })
      return after
    },
  }),
  deletePrice: operation({
    summary: 'Takes a price that was set at run time away; the configuration or the built-in price holds again.',
    method: 'DELETE',
    path: '/prices/{id}',
    needs: ['prices'],
    params: idParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: 'price-delete', subjectKind: 'price' },
    run: async ({ prices }, { params: { id } }, note) => {
      note({ subjectId: id, before: found(part(prices).get(id), 'price', id) })
      found((await part(prices).delete(id)) || undefined, 'price', id)
      return { id, deleted: true as const }
    },
  }),
}

const stateSchema = z.strictObject({
  budget: budgetSchema,
  windowStartUnixMs: z.number(),
  windowEndUnixMs: z.number(),
  spentUsd: z.number(),
  remainingUsd: z.number(),
})

const hiddenPath = '/[hidden]'
const isHidden = (url: string): boolean => /^\/(?:\[|%5b)hidden(?:\]|%5d)$/i.test(new URL(url).pathname)

/** Webhooks of Slack, Teams and Discord have their secret in the path: it goes in and never comes out. */
function shownWebhook(url: string): string {
  const { origin, pathname, search, username, password } = new URL(url)
  return pathname === '/' && search === '' && username === '' && password === '' ? url : `${origin}${hiddenPath}`
}

const toShown = (budget: Budget): Budget =>
  budget.webhook === undefined ? budget : { ...budget, webhook: { ...budget.webhook, url: shownWebhook(budget.webhook.url) } }

/**
 * Whoever sends back what was shown keeps the address that is there.
 * @throws GATEWAY_INVALID_BODY where there is none: alerts would go nowhere
 */
function keepWebhook<Input extends Omit<BudgetInput, 'id'>>(next: Input, before: Budget | undefined): Input {
  const { webhook } = next
  if (webhook === undefined) return next
  if (before?.webhook !== undefined && webhook.url === shownWebhook(before.webhook.url))
    return { ...next, webhook: { ...webhook, url: before.webhook.url } }
  if (!isHidden(webhook.url)) return next
  const problem = `it ends in ${hiddenPath}, as addresses are shown, and this budget has no such address to keep; write it out`
  throw gatewayErrors.INVALID_BODY({ field: 'webhook.url', problem })
}

export const budgetOperations = {
  listBudgets: operation({
    summary: 'Lists budgets.',
    method: 'GET',
    path: '/budgets',
    needs: ['budgets'],
    params: none,
    query: none,
    body: none,
    result: z.strictObject({ data: z.array(budgetSchema) }),
    run: ({ budgets }) => ({ data: part(budgets).list().map(toShown) }),
  }),
  getBudget: operation({
    summary: 'Shows a budget and what its current window has seen.',
    method: 'GET',
    path: '/budgets/{id}',
    needs: ['budgets'],
    params: idParams,
    query: none,
    body: none,
    result: stateSchema,
    run: async ({ budgets }, { params: { id } }) => {
      const state = found(await part(budgets).state(id), 'budget', id)
      return { ...state, budget: toShown(state.budget) }
    },
  }),
  putBudget: operation({
    summary: 'Makes or replaces a budget.',
    method: 'PUT',
    path: '/budgets/{id}',
    needs: ['budgets'],
    params: idParams,
    query: none,
    body: budgetSchema.omit({ id: true }).extend({ name: printable.max(200).default('') }),
    result: budgetSchema,
    audit: { action: 'budget-put', subjectKind: 'budget' },
    run: async ({ budgets }, { params: { id }, body }, note) => {
      const before = part(budgets).get(id)
      note({ subjectId: id, before: before && toShown(before) })
      const after = toShown(await part(budgets).put({ ...keepWebhook(body, before), id }))
      note({ after })
      return after
    },
  }),
  deleteBudget: operation({
    summary: 'Forgets a budget, and its stop.',
    method: 'DELETE',
    path: '/budgets/{id}',
    needs: ['budgets'],
    params: idParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: 'budget-delete', subjectKind: 'budget' },
    run: async ({ budgets }, { params: { id } }, note) => {
      note({ subjectId: id, before: toShown(found(part(budgets).get(id), 'budget', id)) })
      found((await part(budgets).delete(id)) || undefined, 'budget', id)
      return { id, deleted: true as const }
    },
  }),
}

const dimension = z.literal(spendDimensions)
const usdText = z.string()
const filter = z.string().max(256).optional()
const daysPerQuestion = 400

export const spendOperations = {
  getSpend: operation({
    summary: 'Says why each cent: sums by day, project, user, key, model, target and price version.',
    method: 'GET',
    path: '/spend',
    needs: ['spend'],
    params: none,
    query: z
      .strictObject({
        from: z.iso.date(),
        to: z.iso.date(),
        /** Dimensions, separated by commas. */
        by: z
          .string()
          .default('model,price')
          .transform((text) => text.split(','))
          .pipe(z.array(dimension).min(1).max(spendDimensions.length)),
        day: filter,
        project: filter,
        user: filter,
        key: filter,
        model: filter,
        target: filter,
        price: filter,
      })
      .refine(({ from, to }) => from <= to, { path: ['to'], message: 'is before from; swap them' })
      .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= daysPerQuestion * 86_400_000, {
        path: ['from'],
        message: `is more than ${String(daysPerQuestion)} days before to; ask for fewer days`,
      }),
    body: none,
    result: z.strictObject({
      lines: z.array(
        z.strictObject({
          group: z.partialRecord(dimension, z.string()),
          requests: z.int(),
          inputTokens: z.int(),
          cachedInputTokens: z.int(),
          outputTokens: z.int(),
          costUsd: usdText,
          estimatedUsd: usdText,
          savedUsd: usdText,
        }),
      ),
      totalUsd: usdText,
      isPartial: z.boolean(),
    }),
    run: async ({ spend }, { query: { from, to, by, ...where } }) => {
      const report = await part(spend).report({ from, to, by, where })
      return { ...report, lines: [...report.lines] }
    },
  }),
}
