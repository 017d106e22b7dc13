/** Entry of `@bud-foundry/core/testing/conformance`: one suite per contract, for any test runner. */
export type { SuiteRunner } from './suite-runner.ts'
export { cloudProviderConformance, type CloudProviderConformanceOptions, type CloudProviderUnderTest } from './cloud-provider.ts'
export { dialectConformance, type DialectConformanceOptions, type DialectSamples } from './dialect.ts'
export { engineConformance, type EngineConformanceOptions } from './engine.ts'
export { predictorConformance, type PredictorConformanceOptions } from './predictor.ts'
export { providerConformance, type ExpectedAnswer, type ProviderConformanceOptions } from './provider.ts'
export { routingPolicyConformance, type RoutingPolicyConformanceOptions } from './routing-policy.ts'
export { secretStoreConformance, type SecretStoreConformanceOptions, type SecretStoreUnderTest } from './secret-store.ts'
export { sinkConformance, type SinkConformanceOptions, type SinkUnderTest } from './sink.ts'
export { stepRunnerConformance, type StepRunnerConformanceOptions, type StepRunnerUnderTest } from './step-runner.ts'
export { storeConformance, type StoreConformanceOptions, type StoreUnderTest } from './store.ts'
export {
  createScriptedServer,
  transportConformance,
  type ScriptedServer,
  type TransportConformanceOptions,
  type TransportUnderTest,
} from './transport.ts'
