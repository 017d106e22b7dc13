#!/usr/bin/env node
/** The command: what an operator does with a metrics database. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createSecret, isBudError, systemClock } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { createEmbeddedClient } from '../client/embedded-client.ts'
import { createServerClient } from '../client/server-client.ts'
import { eraseUser } from '../erase/erase-user.ts'
import { importLines } from '../import/import-lines.ts'
import { migrate, migrations } from '../migrate/migrate.ts'
import { readRawCompleteFrom } from '../migrate/retention.ts'
import { needsRepair, repairRollups } from '../rollup/rebuild.ts'
import { verifyRollups } from '../rollup/verify.ts'
import { deliverEvents } from '../sink/deliver.ts'
import { databaseVerbs, fileVerbs, questionFlags, questionUsage } from './question-commands.ts'

const usage = `Usage: bud-metrics <verb> (--directory <path> | --url <http://host:8123>) [--database <name>] [--username <name>]

  migrate     applies the migrations that the database lacks
  verify      compares every rollup with the raw rows
  repair      makes the rollups anew whose delivery a crash cut off
  erase       removes all that is stored of one user of a project: --project <id> --user <id>
  import      stores events, one JSON object per line, each id once: --file <events.jsonl>
${questionUsage}

All are safe to repeat, and safe to interrupt. No server may have the database open for writing meanwhile.

  --directory  the directory of the embedded engine
  --url        an external ClickHouse; its password is read from BUD_CLICKHOUSE_PASSWORD
  --cluster    its cluster, for replicated tables
  --help       prints this`

interface Options {
  readonly directory?: string | undefined
  readonly url?: string | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
}

async function openClient({ directory, url, database, username }: Options): Promise<AnalyticsClient | undefined> {
  if (directory !== undefined && url === undefined) return createEmbeddedClient({ directory })
  if (url === undefined || directory !== undefined) return undefined
  const password = process.env['BUD_CLICKHOUSE_PASSWORD']
  return createServerClient({
    url,
    ...(database === undefined ? {} : { database }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: createSecret(password) }),
  })
}

interface Arguments extends Options {
  readonly cluster?: string | undefined
  readonly project?: string | undefined
  readonly user?: string | undefined
  readonly file?: string | undefined
}

/** Earlier raw rows may have expired. */
const rawFrom = (client: AnalyticsClient) => readRawCompleteFrom(client, systemClock.nowMs())

type Command = (client: AnalyticsClient, values: Arguments) => Promise<number>

async function runMigrate(client: AnalyticsClient, { cluster }: Arguments): Promise<number> {
  const { applied, schemaVersion } = await migrate(client, systemClock, migrations, cluster === undefined ? {} : { cluster })
  // Rows from before the rollups are counted in them too.
  if (await needsRepair(client)) await repairRollups(client)
  for (const { version, name } of applied) console.log(`applied ${String(version)} ${name}`)
  console.log(`schema version ${String(schemaVersion)}${applied.length === 0 ? ', nothing to apply' : ''}`)
  return 0
}

async function runVerify(client: AnalyticsClient): Promise<number> {
  const checks = await verifyRollups(client, await rawFrom(client))
  for (const { table, differing } of checks) console.log(`${table}: ${differing === 0 ? 'equal' : `${String(differing)} groups differ`}`)
  return checks.every(({ differing }) => differing === 0) ? 0 : 1
}

async function runRepair(client: AnalyticsClient): Promise<number> {
  const needed = await needsRepair(client)
  if (needed) await repairRollups(client)
  console.log(needed ? 'repaired' : 'nothing to repair')
  return 0
}

async function runErase(client: AnalyticsClient, { project, user }: Arguments): Promise<number> {
  if (project === undefined || user === undefined) return 2
  const { requests, payloads, scores } = await eraseUser(client, { projectId: project, userId: user }, await rawFrom(client))
  console.log(`erased ${String(requests)} requests, ${String(payloads)} payloads and ${String(scores)} scores`)
  return 0
}

async function runImport(client: AnalyticsClient, { file }: Arguments): Promise<number> {
  if (file === undefined) return 2
  const doubt = { maybeTorn: false, repairableFrom: await rawFrom(client) }
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
  const { stored, known, skipped } = await importLines(lines, (events) => deliverEvents(client, events, doubt))
  console.log(`stored ${String(stored)}, known ${String(known)}, of other kinds ${String(skipped)}`)
  return 0
}

const commands: Readonly<Record<string, Command>> = {
  migrate: runMigrate,
  verify: runVerify,
  repair: runRepair,
  erase: runErase,
  import: runImport,
}

async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      directory: text,
      url: text,
      database: text,
      username: text,
      cluster: text,
      project: text,
      user: text,
      file: text,
      help: { type: 'boolean' },
      ...questionFlags,
    },
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const [verb = ''] = positionals.length === 1 ? positionals : []
  const writeFiles = Object.hasOwn(fileVerbs, verb) ? fileVerbs[verb] : undefined
  if (writeFiles !== undefined) {
    console.log(await writeFiles(values))
    return 0
  }
  const ask = Object.hasOwn(databaseVerbs, verb) ? databaseVerbs[verb] : undefined
  const command = Object.hasOwn(commands, verb) ? commands[verb] : undefined
  const client = command === undefined && ask === undefined ? undefined : await openClient(values)
  if (client === undefined) {
    console.error(usage)
    return 2
  }
  try {
    if (ask !== undefined) {
      console.log(await ask(client, values))
      return 0
    }
    const code = (await command?.(client, values)) ?? 2
    if (code === 2) console.error(usage)
    return code
  } finally {
    await client[Symbol.asyncDispose]()
  }
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // A wrong flag or a refused database is the user's to fix: its message is enough, and a stack would bury it.
  const known = isBudError(error) || error instanceof SyntaxError || (error instanceof TypeError && 'code' in error)
  console.error(known ? `bud-metrics: ${error.message}` : error)
  process.exitCode = 1
}
