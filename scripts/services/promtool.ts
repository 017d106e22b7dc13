/** Prometheus's own checker of rules, from Debian's package of Prometheus, whose server is not started. */
import { ensureProgram, runTool } from './install.ts'
import type { Service } from './service.ts'

export const promtool: Service = {
  name: 'promtool',
  start: async () => {
    const program = await ensureProgram('promtool', 'prometheus')
    const said = await runTool(program, ['--version'])
    const [version = ''] = said.trim().split('\n')
    return { environment: { BUD_TEST_PROMTOOL: program }, description: version, stop: () => Promise.resolve() }
  },
}
