/** ESLint with types over the whole repository; a warning fails like an error. */
import { ESLint } from 'eslint'
import { root } from './repository.ts'
import { Finding, type Step } from './step.ts'

export const lint: Step = {
  name: 'lint',
  run: async () => {
    const eslint = new ESLint({ cwd: root })
    const results = await eslint.lintFiles(['.'])
    if (results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0)) {
      const formatter = await eslint.loadFormatter('stylish')
      throw new Finding(await formatter.format(results))
    }
    return { count: results.length, things: 'files' }
  },
}
