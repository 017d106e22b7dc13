/** `bud-sim predict --disaggregated 2:1`: so many prefill and decode replicas that hand prompts over. */
import type { ModelSpec, Workload } from '@bud-foundry/core'
import { estimateDisaggregated, prepareDisaggregated, type DisaggregatedEstimate } from '../disaggregate/disaggregated-estimate.ts'
import { findEngine } from '../engine/engine-registry.ts'
import { simErrors } from '../errors.ts'
import type { HardwareDescription } from '../hardware/hardware-registry.ts'
import { prepareReplica } from '../predict/replica-estimate.ts'
import { devicesOf, type ServingSettings } from '../settings.ts'
import { toTable, UsageError, type CommandContext } from './command.ts'

export interface DisaggregatedQuestion {
  readonly model: ModelSpec
  readonly hardware: HardwareDescription
  readonly engineId: string
  readonly prefill: ServingSettings
  readonly decode: ServingSettings
  readonly workload: Workload
  /** As given: prefill and decode replicas. */
  readonly counts: string
  readonly linkBytesPerSecond: number | undefined
}

/** `2:1` is two prefill replicas and one decode replica. @throws UsageError for anything else. */
function toCounts(text: string) {
  const [, prefill, decode] = /^(\d+):(\d+)$/.exec(text) ?? []
  if (prefill === undefined || decode === undefined || Number(prefill) < 1 || Number(decode) < 1)
    throw new UsageError(`--disaggregated is '${text}'; write prefill:decode replicas, e.g. 2:1`)
  return { prefill: Number(prefill), decode: Number(decode) }
}

function estimate(question: DisaggregatedQuestion): DisaggregatedEstimate {
  const { model, hardware, engineId, workload } = question
  const engine = findEngine(engineId)
  if (engine.disaggregate === undefined)
    throw simErrors.PREDICTION_UNSUPPORTED({ reason: `${engine.name} cannot be told here to compute prompts only; use vllm or sglang` })
  const prepare = (settings: ServingSettings) => {
    const refused = engine.refuse(model, settings, hardware)
    if (refused !== undefined) throw simErrors.PREDICTION_UNSUPPORTED({ reason: refused })
    const replica = prepareReplica({ model, hardware, engineId, engineVersion: engine.versionFor(hardware), settings })
    if (!replica.fit.fits)
      throw simErrors.PREDICTION_UNSUPPORTED({
        reason: `${model.id} does not fit ${String(devicesOf(settings))} × ${hardware.name}; 'bud-sim memory' says why`,
      })
    return replica
  }
  const found = estimateDisaggregated(
    prepareDisaggregated({
      prefill: prepare(question.prefill),
      decode: prepare(question.decode),
      workload,
      hardware: { prefill: hardware, decode: hardware },
      linkBytesPerSecond: question.linkBytesPerSecond,
    }),
    toCounts(question.counts),
  )
  if (found === undefined)
    throw simErrors.PREDICTION_UNSUPPORTED({
      reason: `${String(workload.requestsPerSecond)} requests a second are more than these replicas answer`,
    })
  return found
}

/** @throws UsageError, SIM_PREDICTION_UNSUPPORTED. */
export function predictDisaggregated(question: DisaggregatedQuestion, asJson: boolean, context: CommandContext): void {
  const counts = toCounts(question.counts)
  const found = estimate(question)
  if (asJson) {
    context.print(
      JSON.stringify(
        { model: question.model.id, hardwareId: question.hardware.id, counts, workload: question.workload, estimate: found },
        null,
        2,
      ),
    )
    return
  }
  const milliseconds = (seconds: number) => (seconds * 1000).toFixed(2)
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  context.print(
    [
      `${question.model.id} on ${question.hardware.name}: ${String(counts.prefill)} prefill replicas of ${String(devicesOf(question.prefill))}, ${String(counts.decode)} decode replicas of ${String(devicesOf(question.decode))} (analytical):`,
      toTable(
        ['', 'mid'],
        [
          ['time to first token, ms', milliseconds(found.timeToFirstTokenSeconds)],
          ['  of them moving the cache', milliseconds(found.transferSeconds)],
          ['time per output token, ms', milliseconds(found.timePerOutputTokenSeconds)],
          ['output tokens/s', found.outputTokensPerSecond.toFixed(2)],
        ],
      ),
      `prefill replicas are busy ${percent(found.prefillUse)}, decode replicas filled ${percent(found.decodeUse)}; what limits them is ${found.limit === 'load' ? 'the load' : found.limit}`,
    ].join('\n'),
  )
}
