/** Entry of `@bud-foundry/core/testing/conformance`: one suite per contract, for any test runner. */
export type { SuiteRunner } from './suite-runner.ts'
export { storeConformance, type StoreConformanceOptions, type StoreUnderTest } from './store.ts'
export { stepRunnerConformance, type StepRunnerConformanceOptions, type StepRunnerUnderTest } from './step-runner.ts'
export { sinkConformance, type SinkConformanceOptions, type SinkUnderTest } from './sink.ts'
