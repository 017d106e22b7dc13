/** Imports events from lines of JSON, each id once, so that an import that broke off is simply repeated. */
import type { BudEvent } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import type { Delivery } from '../sink/deliver.ts'
import { storedKinds } from '../sink/deliver.ts'

const lineSchema = z.looseObject({ id: z.string().min(1), kind: z.string(), timeUnixMs: z.number() })

export interface ImportReport extends Delivery {
  /** Events of kinds that metrics does not store. */
  readonly skipped: number
}

/**
 * @param lines one JSON object each; empty ones are passed over
 * @throws METRICS_IMPORT_INVALID with the number of the line; the lines before its batch are stored then
 */
export async function importLines(
  lines: AsyncIterable<string> | Iterable<string>,
  store: (events: readonly BudEvent[]) => Promise<Delivery>,
): Promise<ImportReport> {
  let [stored, known, skipped, number] = [0, 0, 0, 0]
  let batch: BudEvent[] = []
  const send = async () => {
    const delivery = await store(batch)
    stored += delivery.stored
    known += delivery.known
    batch = []
  }
  for await (const text of lines) {
    number += 1
    // Some programs begin a file with a mark of its byte order.
    const line = number === 1 ? text.replace(/^\uFEFF/, '') : text
    if (line.trim() === '') continue
    const event = parseLine(line, number)
    if (!storedKinds.has(event.kind)) skipped += 1
    else batch.push(event)
    if (batch.length >= metricsLimits.batchRows) await send()
  }
  if (batch.length > 0) await send()
  return { stored, known, skipped }
}

function parseLine(line: string, number: number): BudEvent {
  try {
    return lineSchema.parse(JSON.parse(line))
  } catch (error) {
    throw metricsErrors.IMPORT_INVALID({ line: number, text: line.slice(0, 80) }, { cause: error })
  }
}
