/** Sends finished windows to an OTLP receiver, one after the other, each until it is accepted. */
import type { Clock, Logger } from '@bud-foundry/core'
import { exportOtlpMetrics, type OtlpExportOptions } from './otlp-export.ts'

export interface OtlpExporterOptions extends OtlpExportOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Length of one window; default one minute. */
  readonly intervalMs?: number
  /**
   * How long after its end a window is sent; default five minutes. A request counts where it arrived and is known when it has finished: what
   * takes longer is not sent.
   */
  readonly delayMs?: number
}

/** Sends until it is closed. A window that the receiver refuses is sent again at the next interval, so that nothing is skipped. */
export interface OtlpExporter extends AsyncDisposable {
  /** Sends what is due; resolves with the number of windows that were accepted. */
  send(): Promise<number>
}

export function createOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  const { clock, logger, intervalMs = 60_000, delayMs = 300_000, ...target } = options
  const closing = new AbortController()
  let nextUnixMs = Math.floor((clock.nowMs() - delayMs) / intervalMs) * intervalMs
  let timer: Disposable | undefined
  let running: Promise<number> = Promise.resolve(0)

  async function sendDue(): Promise<number> {
    let sent = 0
    while (!closing.signal.aborted && nextUnixMs + intervalMs + delayMs <= clock.nowMs()) {
      try {
        await exportOtlpMetrics(target, { fromUnixMs: nextUnixMs, toUnixMs: nextUnixMs + intervalMs }, closing.signal)
      } catch (error) {
        if (!closing.signal.aborted)
          logger.warn('a window of metrics was not sent, and will be again', {
            origin: URL.parse(target.url)?.origin ?? 'not an address',
            error,
          })
        break
      }
      nextUnixMs += intervalMs
      sent += 1
    }
    return sent
  }

  // One at a time: two at once would send the same window twice.
  const send = () => (running = running.then(sendDue))

  function plan(): void {
    timer = clock.schedule(intervalMs, () => {
      void send().finally(() => {
        if (!closing.signal.aborted) plan()
      })
    })
  }

  plan()
  return {
    send,
    async [Symbol.asyncDispose]() {
      closing.abort()
      timer?.[Symbol.dispose]()
      await running
    },
  }
}
