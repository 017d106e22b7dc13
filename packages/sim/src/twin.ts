/** The public list of the engine twin, which needs Node. */
export type { SchedulerState } from './twin/batch-scheduler.ts'
export { createEngineTwin, type EngineTwin } from './twin/engine-twin.ts'
export { parseFaultHeader, parseFaultRates, type Fault, type FaultRates } from './twin/fault.ts'
export type { EngineTwinOptions } from './twin/twin-options.ts'
