/** The part of a test runner that the conformance suites need; vitest, jest and node:test all fit. */

export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => Promise<void>) => unknown
}
