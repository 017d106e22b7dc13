/** How long requests took, and their tokens. */
import type { AggregateName } from '../aggregate.ts'
import { defineMeasures, meanMs, numberOf, plain, quantileMs, type Measure } from './measure.ts'

const p = (name: AggregateName, countedBy: AggregateName, what: string) => (level: number) => quantileMs(name, level, countedBy, what)
const duration = p('durationQuantiles', 'requests', 'the time from arrival to end')
const firstToken = p('timeToFirstTokenQuantiles', 'timeToFirstTokenCount', 'the time from arrival to the first token')
const perToken = p('timePerOutputTokenQuantiles', 'timePerOutputTokenCount', 'the mean time between its tokens (TPOT)')
const interToken = p('interTokenQuantiles', 'interTokenCount', 'the median gap between two chunks of its stream (ITL)')
const overhead = p('overheadQuantiles', 'overheadCount', 'the time spent in the gateway itself before the first attempt')
const queue = p('queueQuantiles', 'queueCount', 'the time that it waited before the engine began, as far as that was told')

/** The speed that a reader sees: the reciprocal of the time per token at the mirrored level. */
const speed = (of: Measure, definition: string): Measure => ({
  ...of,
  definition,
  unit: 'per second',
  read: (aggregates, seconds) => {
    const ms = of.read(aggregates, seconds)
    return ms === null || ms === 0 ? null : 1000 / ms
  },
})

export const latencyMeasures = defineMeasures({
  durationMsP50: duration(0.5),
  durationMsP90: duration(0.9),
  durationMsP95: duration(0.95),
  durationMsP99: duration(0.99),
  durationMsMean: meanMs('durationUsSum', 'requests', 'Mean time from arrival to end.'),
  durationMsMax: {
    definition: 'Longest time from arrival to end.',
    unit: 'ms',
    nullMeans: 'there were no such requests',
    errorBound: 0,
    countedBy: 'requests',
    rank: 'durationUsMax',
    needs: ['durationUsMax', 'requests'],
    read: (aggregates) => ((numberOf(aggregates, 'requests') ?? 0) === 0 ? null : (numberOf(aggregates, 'durationUsMax') ?? 0) / 1000),
  },
  timeToFirstTokenMsP50: firstToken(0.5),
  timeToFirstTokenMsP90: firstToken(0.9),
  timeToFirstTokenMsP95: firstToken(0.95),
  timeToFirstTokenMsP99: firstToken(0.99),
  timeToFirstTokenMsMean: meanMs('timeToFirstTokenUsSum', 'timeToFirstTokenCount', 'Mean time from arrival to the first token.'),
  timeToFirstTokenCount: plain('requests', 'timeToFirstTokenCount', 'Requests whose time to the first token was measured.'),
  timePerOutputTokenMsP50: perToken(0.5),
  timePerOutputTokenMsP90: perToken(0.9),
  timePerOutputTokenMsP95: perToken(0.95),
  timePerOutputTokenMsP99: perToken(0.99),
  timePerOutputTokenMsMean: meanMs(
    'timePerOutputTokenUsSum',
    'timePerOutputTokenCount',
    'Mean over requests of their time per output token (TPOT).',
  ),
  timePerOutputTokenCount: plain('requests', 'timePerOutputTokenCount', 'Requests whose time per output token was measured.'),
  interTokenMsP50: interToken(0.5),
  interTokenMsP90: interToken(0.9),
  interTokenMsP95: interToken(0.95),
  interTokenMsP99: interToken(0.99),
  tokenSpeedP50: speed(perToken(0.5), 'Tokens per second that the median request received.'),
  tokenSpeedP10: speed(perToken(0.9), 'Tokens per second below which a tenth of the requests received theirs.'),
  overheadMsP50: overhead(0.5),
  overheadMsP99: overhead(0.99),
  overheadMsMean: meanMs('overheadUsSum', 'overheadCount', 'Mean time spent in the gateway itself before the first attempt.'),
  queueMsP50: queue(0.5),
  queueMsP95: queue(0.95),
  queueMsP99: queue(0.99),
  queueMsMean: meanMs('queueUsSum', 'queueCount', 'Mean time waited before the engine began, over the requests of which it is known.'),
})
