/** Starts the server, says where it is, and stops it in order. */
import { isBudError, systemClock } from '@bud-foundry/core'
import { createLogger } from '@bud-foundry/core/log'
import { compose } from './compose.ts'
import { readEnvironment, type ServerEnvironment } from './env.ts'

/** Requests in flight get this long to finish once we are asked to stop. */
const graceMs = 8_000
/** By then everything else must be closed too; what hangs is abandoned. */
const exitMs = 9_800

/** Without an environment there is no log level or format yet: the problems are told plainly, one a line. */
function readEnvironmentOrExit(): ServerEnvironment {
  try {
    return readEnvironment(process.env)
  } catch (error) {
    if (!isBudError(error)) throw error
    const line = { level: 'error', time: new Date(systemClock.nowMs()).toISOString(), code: error.code, msg: error.message }
    process.stderr.write(process.env['BUD_LOG_FORMAT'] === 'json' ? `${JSON.stringify(line)}\n` : `${error.message}\n`)
    process.exit(1)
  }
}

async function main(): Promise<void> {
  const environment = readEnvironmentOrExit()
  const logger = createLogger({ level: environment.BUD_LOG_LEVEL, format: environment.BUD_LOG_FORMAT, clock: systemClock })
  process.title = 'bud-foundry'

  let server: Awaited<ReturnType<typeof compose>> | undefined
  let asked = false
  const stop = async (signal: string): Promise<void> => {
    if (asked) return
    asked = true
    logger.info('stopping', { signal })
    setTimeout(() => process.exit(1), exitMs).unref()
    await server?.stop(graceMs)
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => {
        logger.error('stopping failed', { error })
        process.exit(1)
      })
    })
  }
  process.on('unhandledRejection', (error) => {
    logger.error('a promise was left alone', { code: 'SERVER_UNHANDLED', error })
  })

  try {
    server = await compose(environment, { clock: systemClock, logger })
  } catch (error) {
    logger.error('the server did not start', { error })
    process.exitCode = 1
    // Children and timers of the half-started server must not keep the process alive.
    setImmediate(() => process.exit(1))
    return
  }
  if (environment.BUD_LOG_FORMAT === 'json') {
    process.stdout.write(`${JSON.stringify({ msg: 'ready', url: server.url, apiKey: server.adminKey.reveal() })}\n`)
  } else {
    process.stdout.write(`\nBud Foundry is ready: open ${server.url}   API key: ${server.adminKey.reveal()}\n\n`)
  }
}

await main()
