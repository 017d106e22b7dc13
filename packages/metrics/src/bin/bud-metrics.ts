#!/usr/bin/env node
/** The command: brings a metrics database to the schema of this release, and asks it. */
import { parseArgs } from 'node:util'
import { createSecret, isBudError, systemClock } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { createEmbeddedClient } from '../client/embedded-client.ts'
import { createServerClient } from '../client/server-client.ts'
import { migrate } from '../migrate/migrate.ts'
import { databaseVerbs, fileVerbs, questionFlags, questionUsage } from './question-commands.ts'

const usage = `Usage: bud-metrics <verb> (--directory <path> | --url <http://host:8123>) [--database <name>] [--username <name>]

  migrate     applies the migrations that the database lacks; safe to repeat, and safe to interrupt
${questionUsage}

  --directory  the directory of the embedded engine; stop the server that has it open first
  --url        an external ClickHouse; its password is read from BUD_CLICKHOUSE_PASSWORD
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

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      directory: { type: 'string' },
      url: { type: 'string' },
      database: { type: 'string' },
      username: { type: 'string' },
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
  const client = verb === 'migrate' || ask !== undefined ? await openClient(values) : undefined
  if (client === undefined) {
    console.error(usage)
    return 2
  }
  try {
    console.log(ask === undefined ? await runMigrate(client) : await ask(client, values))
    return 0
  } finally {
    await client[Symbol.asyncDispose]()
  }
}

async function runMigrate(client: AnalyticsClient): Promise<string> {
  const { applied, schemaVersion } = await migrate(client, systemClock)
  const lines = applied.map(({ version, name }) => `applied ${String(version)} ${name}`)
  return [...lines, `schema version ${String(schemaVersion)}${applied.length === 0 ? ', nothing to apply' : ''}`].join('\n')
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // A wrong flag or a refused database is the user's to fix: its message is enough, and a stack would bury it.
  const known = isBudError(error) || error instanceof SyntaxError || (error instanceof TypeError && 'code' in error)
  console.error(known ? `bud-metrics: ${error.message}` : error)
  process.exitCode = 1
}
