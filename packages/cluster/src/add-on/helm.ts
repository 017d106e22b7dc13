/** The `helm` program as a renderer of charts: it never talks to a cluster, and sees values on its input only. */
import { execFile, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { coreErrors } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { helmTimeoutMs, renderedBytesMax } from '../limits.ts'
import type { AddOn, ChartSource } from './add-on.ts'

/** Renders a chart. */
export interface ChartRenderer {
  /** Manifests as YAML, and the digest of the packaged chart they come from. */
  render(
    addOn: AddOn,
    source: ChartSource,
    kubernetesVersion: string,
    signal: AbortSignal,
  ): Promise<{ readonly yaml: string; readonly digest: string }>
}

export interface HelmOptions {
  /** `helm` on the path when absent. */
  readonly program?: string | undefined
}

const oldest = [3, 14] as const
const newestMajor = 4

class HelmRenderer implements ChartRenderer {
  readonly #program: string
  #checked = false

  constructor({ program = 'helm' }: HelmOptions) {
    this.#program = program
  }

  async render(addOn: AddOn, source: ChartSource, kubernetesVersion: string, signal: AbortSignal) {
    await this.#check(signal)
    const folder = await mkdtemp(path.join(tmpdir(), 'bud-chart-'))
    try {
      const file = await this.#pull(source, folder, signal)
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
      const expected = source.digest
      if (expected !== undefined && expected !== digest) {
        throw clusterErrors.CHART_CHANGED({ chart: `${source.name} ${source.version}`, expected, digest })
      }
      const args = [
        'template',
        addOn.name,
        file,
        '--namespace',
        addOn.namespace,
        '--kube-version',
        kubernetesVersion,
        '--include-crds',
        '--skip-tests',
        '--values',
        '-',
      ]
      return { yaml: await this.#run(args, JSON.stringify(addOn.values), signal), digest }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** The packaged chart: of a folder, or fetched. */
  async #pull({ repository, name, version }: ChartSource, folder: string, signal: AbortSignal): Promise<string> {
    if (repository.startsWith('/')) return path.join(repository, `${name}-${version}.tgz`)
    const chart = repository.startsWith('oci://') ? [`${repository.replace(/\/$/, '')}/${name}`] : [name, '--repo', repository]
    await this.#run(['pull', ...chart, '--version', version, '--destination', folder], '', signal)
    const [file] = (await readdir(folder)).filter((entry) => entry.endsWith('.tgz'))
    if (file === undefined) throw clusterErrors.HELM_FAILED({ what: `pulling ${name} ${version}`, problem: 'no chart arrived' })
    return path.join(folder, file)
  }

  async #check(signal: AbortSignal): Promise<void> {
    if (this.#checked) return
    const text = await this.#run(['version', '--template', '{{.Version}}'], '', signal)
    const [major = 0, minor = 0] = text.replace(/^v/, '').split('.').map(Number)
    const old = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
    if (Number.isNaN(major) || old || major > newestMajor) {
      throw clusterErrors.HELM_UNSUITABLE({ program: this.#program, problem: `its version is ${text.trim() || 'unknown'}` })
    }
    this.#checked = true
  }

  #run(args: readonly string[], input: string, signal: AbortSignal): Promise<string> {
    const what = `helm ${args[0] ?? ''}`
    return new Promise((resolve, reject) => {
      const child: ChildProcess = execFile(
        this.#program,
        [...args],
        { signal, timeout: helmTimeoutMs, maxBuffer: renderedBytesMax },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout)
          else if (signal.aborted) reject(coreErrors.ABORTED({ what }, { cause: signal.reason }))
          else if ('code' in error && error.code === 'ENOENT') {
            reject(clusterErrors.HELM_UNSUITABLE({ program: this.#program, problem: 'it cannot be found' }))
          } else reject(clusterErrors.HELM_FAILED({ what, problem: stderr.trim().slice(-1000) || error.message }))
        },
      )
      // A program that does not read its input must not end ours.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input)
    })
  }
}

/** @throws CLUSTER_HELM_UNSUITABLE with the first chart when the program is missing or too old. */
export const createHelmRenderer = (options: HelmOptions = {}): ChartRenderer => new HelmRenderer(options)
