/** Runs named steps once each, surviving a crash between any two. */

/** Runs a named action, or returns what it returned before. */
export type Step = <Value>(name: string, action: (signal: AbortSignal) => Promise<Value>) => Promise<Value>

/** Ours is a journal in a Store; a durable engine such as Dapr Workflow can drive the same steps. */
export interface StepRunner {
  readonly contract: 'step-runner/1'
  /** Step results must survive JSON; a step whose result was journaled is not run again. */
  run<Result>(operationId: string, body: (step: Step) => Promise<Result>, signal: AbortSignal): Promise<Result>
}
