/** Amazon's APIs as moto's server stands in for them, from PyPI at a fixed version. */
import { fetch } from 'undici'
import { cachedFolder, ensureProgram, runTool } from './install.ts'
import { freePort, startProcess, type RunningService, type Service } from './service.ts'

const version = '5.2.5'
const readyTimeoutMs = 60_000

/** Packages go into a folder of their own, so that no Python of this machine is changed. */
const install = async (python: string): Promise<string> => {
  await ensureProgram('pip3', 'python3-pip')
  return cachedFolder(`moto-${version}`, async (folder) => {
    await runTool(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      folder,
      `moto[server,eks]==${version}`,
    ])
  })
}

const start = async (): Promise<RunningService> => {
  const python = await ensureProgram('python3', 'python3')
  const folder = await install(python)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const stop = await startProcess({
    command: python,
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    environment: { PYTHONPATH: folder, PYTHONNOUSERSITE: '1' },
    isReady: async () => (await fetch(`${url}/moto-api/`)).ok,
    readyTimeoutMs,
  })
  return { environment: { BUD_TEST_AWS_URL: url }, description: `moto ${version}`, stop }
}

export const moto: Service = { name: 'moto', start }
