/** The verbs of the command that change or check a database: `migrate`, `verify`, `repair`, `erase` and `import`. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { systemClock } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { erasureSchema, eraseUser } from '../erase/erase-user.ts'
import { importLines } from '../import/import-lines.ts'
import { migrate, migrations } from '../migrate/migrate.ts'
import { readRawCompleteFrom } from '../migrate/retention.ts'
import { needsRepair } from '../rollup/rebuild.ts'
import { repairTornRollups } from '../rollup/torn.ts'
import { verifyRollups } from '../rollup/verify.ts'
import { deliverEvents } from '../sink/deliver.ts'

/** Flags of these verbs, for `parseArgs`. */
export const maintenanceFlags = {
  cluster: { type: 'string' },
  project: { type: 'string' },
  user: { type: 'string' },
  file: { type: 'string' },
} as const

export type MaintenanceFlags = { readonly [Name in keyof typeof maintenanceFlags]?: string | undefined }

/** What a verb did: for readers, and for programs. */
export interface VerbReport {
  readonly text: string
  readonly json: unknown
  /** The verb ran, and what it found is not as it should be. */
  readonly isFailure?: boolean
}

export const maintenanceUsage = `  migrate     applies the migrations that the database lacks
  verify      compares every rollup with the raw rows; fails when they differ
  repair      makes the rollups anew whose delivery a crash cut off
  erase       removes all that is stored of one user of a project: --project <id> --user <id>
  import      stores events, one JSON object per line, each id once: --file <events.jsonl>`

/** Earlier raw rows may have expired. */
const rawFrom = (client: AnalyticsClient) => readRawCompleteFrom(client, systemClock.nowMs())

async function runMigrate(client: AnalyticsClient, { cluster }: MaintenanceFlags): Promise<VerbReport> {
  const { applied, schemaVersion } = await migrate(client, systemClock, migrations, cluster === undefined ? {} : { cluster })
  // Rows from before the rollups are counted in them too.
  if (await needsRepair(client)) await repairTornRollups(client)
  const names = applied.map(({ version, name }) => ({ version, name }))
  const lines = names.map(({ version, name }) => `applied ${String(version)} ${name}`)
  const end = `schema version ${String(schemaVersion)}${applied.length === 0 ? ', nothing to apply' : ''}`
  return { text: [...lines, end].join('\n'), json: { applied: names, schemaVersion } }
}

async function runVerify(client: AnalyticsClient): Promise<VerbReport> {
  const checks = await verifyRollups(client, await rawFrom(client))
  const show = (differing: number) => (differing === 0 ? 'equal' : `${String(differing)} groups differ`)
  return {
    text: checks.map(({ table, differing }) => `${table}: ${show(differing)}`).join('\n'),
    json: { checks },
    isFailure: checks.some(({ differing }) => differing > 0),
  }
}

async function runRepair(client: AnalyticsClient): Promise<VerbReport> {
  const isNeeded = (await needsRepair(client)) && (await repairTornRollups(client))
  return { text: isNeeded ? 'repaired' : 'nothing to repair', json: { repaired: isNeeded } }
}

async function runErase(client: AnalyticsClient, { project, user }: MaintenanceFlags): Promise<VerbReport | undefined> {
  const erasure = erasureSchema.safeParse({ projectId: project, userId: user })
  if (!erasure.success) return undefined
  const report = await eraseUser(client, erasure.data, await rawFrom(client))
  const { requests, payloads, scores } = report
  return { text: `erased ${String(requests)} requests, ${String(payloads)} payloads and ${String(scores)} scores`, json: report }
}

async function runImport(client: AnalyticsClient, { file }: MaintenanceFlags): Promise<VerbReport | undefined> {
  if (file === undefined) return undefined
  const doubt = { maybeTorn: false, repairableFrom: await rawFrom(client) }
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
  const report = await importLines(lines, (events) => deliverEvents(client, events, doubt))
  const { stored, known, skipped } = report
  return { text: `stored ${String(stored)}, known ${String(known)}, of other kinds ${String(skipped)}`, json: report }
}

/** Undefined: a flag is missing. */
type MaintenanceVerb = (client: AnalyticsClient, flags: MaintenanceFlags) => Promise<VerbReport | undefined>

export const maintenanceVerbs: Readonly<Record<string, MaintenanceVerb>> = {
  migrate: runMigrate,
  verify: runVerify,
  repair: runRepair,
  erase: runErase,
  import: runImport,
}
