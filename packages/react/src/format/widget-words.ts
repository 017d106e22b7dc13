/** The words of widgets that bring their own defaults, by section. Types only: nothing here makes a bundle larger. */
import type { autoscaleWords } from '../cluster/autoscale-words.ts'
import type { benchmarkWords } from '../cluster/benchmark-words.ts'
import type { clusterWords } from '../cluster/cluster-words.ts'
import type { gatewayWords } from '../gateway/gateway-words.ts'
import type { observeWords } from '../observe/observe-words.ts'
import type { pickWords } from '../pick/pick-words.ts'
import type { simWords } from '../sim/sim-words.ts'

export interface WidgetWords {
  readonly clusters: typeof clusterWords
  readonly benchmarks: typeof benchmarkWords
  readonly autoscale: typeof autoscaleWords
  readonly gateway: typeof gatewayWords
  readonly observe: typeof observeWords
  readonly pick: typeof pickWords
  readonly sim: typeof simWords
}
