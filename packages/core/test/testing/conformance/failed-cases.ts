/** Runs a suite without a test runner and tells which of its cases fail: the proof that a suite rejects what breaks its contract. */
import type { SuiteRunner } from '@bud-foundry/core/testing/conformance'

export async function failedCases(register: (runner: SuiteRunner) => void): Promise<readonly string[]> {
  const cases: { readonly title: string; readonly body: () => Promise<void> }[] = []
  register({
    describe: (_, body) => {
      body()
    },
    test: (title, body) => cases.push({ title, body }),
  })
  const failed: string[] = []
  for (const { title, body } of cases) {
    try {
      await body()
    } catch {
      failed.push(title)
    }
  }
  return failed
}
