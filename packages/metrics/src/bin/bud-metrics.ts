#!/usr/bin/env node
/** The command: what an operator does with a metrics database. */
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createSecret, isBudError } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { createEmbeddedClient } from '../client/embedded-client.ts'
import { createServerClient } from '../client/server-client.ts'
import { maintenanceFlags, maintenanceUsage, maintenanceVerbs, type MaintenanceFlags } from './maintenance-commands.ts'
import { assertMigrated } from '../migrate/migrate.ts'
import { metricsErrors } from '../errors.ts'
import { databaseVerbs, fileVerbs, questionUsage } from './question-commands.ts'
import { questionFlags, type QuestionFlags } from './question-flags.ts'
import { WrongCallError } from './wrong-call.ts'

const usage = `Usage: bud-metrics <verb> (--directory <path> | --url <http://host:8123>) [--database <name>] [--username <name>] [--json]

${maintenanceUsage}
${questionUsage}

All are safe to repeat, and safe to interrupt. Those up to import write: no server may have the database open meanwhile.

  --directory  the directory of the embedded engine
  --url        an external ClickHouse; its password is read from BUD_CLICKHOUSE_PASSWORD
  --cluster    its cluster, for replicated tables
  --json       answers as one line of JSON
  --help       prints this

It ends with 0; with 1 when something failed, or rollups differ; with 2 when it was called wrongly.`

interface Options extends MaintenanceFlags, QuestionFlags {
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

const find = <Verb>(verbs: Readonly<Record<string, Verb>>, name: string): Verb | undefined =>
  Object.hasOwn(verbs, name) ? verbs[name] : undefined

function refuse(reason: string): number {
  console.error(`bud-metrics: ${reason}\n\n${usage}`)
  return 2
}

class MissingDatabaseError extends Error {}

/** Opening makes a database; every verb but `migrate` wants one that is there. */
async function assertThere(verb: string, { directory }: Options): Promise<void> {
  if (directory === undefined || verb === 'migrate') return
  const files = await readdir(directory).catch(() => [])
  if (files.length > 0) return
  throw new MissingDatabaseError(`there is no database at '${directory}'; check the path, or make one with \`bud-metrics migrate\``)
}

async function runOnDatabase(verb: string, values: Options): Promise<number> {
  const [ask, maintain] = [find(databaseVerbs, verb), find(maintenanceVerbs, verb)]
  if (ask === undefined && maintain === undefined) return refuse(verb === '' ? 'a verb is missing' : `unknown verb '${verb}'`)
  await assertThere(verb, values)
  const client = await openClient(values)
  if (client === undefined) return refuse('it needs one of --directory and --url')
  try {
    if (verb !== 'migrate') await assertMigrated(client)
    if (ask !== undefined) {
      console.log(await ask(client, values))
      return 0
    }
    const report = await maintain?.(client, values)
    if (report === undefined) return refuse(`${verb} needs more flags`)
    console.log(values.json === true ? JSON.stringify(report.json) : report.text)
    return report.isFailure === true ? 1 : 0
  } finally {
    await client[Symbol.asyncDispose]()
  }
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
      help: { type: 'boolean', short: 'h' },
      ...maintenanceFlags,
      ...questionFlags,
    },
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const [verb = ''] = positionals.length === 1 ? positionals : []
  const writeFiles = find(fileVerbs, verb)
  if (writeFiles === undefined) return runOnDatabase(verb, values)
  console.log(await writeFiles(values))
  return 0
}

/** The user must write the call otherwise: a wrong flag, or a question that names what there is not. */
const isWrongCall = (error: unknown): boolean =>
  error instanceof WrongCallError ||
  metricsErrors.QUESTION_INVALID.is(error) ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // A wrong flag, a missing file or a refused database is the user's to fix: its message is enough, and a stack would bury it.
  const known =
    isBudError(error) || isWrongCall(error) || error instanceof MissingDatabaseError || (error instanceof Error && 'code' in error)
  console.error(known ? `bud-metrics: ${error instanceof Error ? error.message : String(error)}` : error)
  process.exitCode = isWrongCall(error) ? 2 : 1
}
