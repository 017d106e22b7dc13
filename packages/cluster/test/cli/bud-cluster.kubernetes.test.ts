/** The command as a process against a real control plane: killed anywhere, run again, and the end state is the same. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { samplePlan } from '../deploy/sample-plan.ts'
import { adminApi, adminConfig, freshName, inventory, kubeconfigFile, podAddress, startEngine } from '../support/real-cluster.ts'
import { startTestKubelet, type TestKubelet } from '../support/test-kubelet.ts'

const program = fileURLToPath(new URL('../../src/bin/bud-cluster.ts', import.meta.url))
const admin = adminApi()
const besides = /^(rules|team|add-ons|care)-|^bud-system$/
let kubelet: TestKubelet
let engine: Awaited<ReturnType<typeof startEngine>>
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bud-cluster-test-'))
  engine = await startEngine()
  kubelet = await startTestKubelet({
    config: adminConfig(),
    nodeNames: [freshName('gpu')],
    labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
    capacity: { cpu: '128', memory: '1Ti', pods: '110', 'nvidia.com/gpu': '8' },
    podAddress: podAddress(),
  })
}, 60_000)

afterAll(async () => {
  await kubelet[Symbol.asyncDispose]()
  engine.server.closeAllConnections()
  engine.server.close()
  await admin[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

/** Runs the command and kills it, as hard as it goes, when it prints its n-th line. Answers the exit code, or undefined when it was killed. */
async function run(
  args: readonly string[],
  killAtLine = Number.POSITIVE_INFINITY,
): Promise<{ readonly code: number | undefined; readonly text: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=bud-source', program, ...args, '--kubeconfig', kubeconfigFile(), '--state', folder],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  let lines = 0
  createInterface(child.stdout).on('line', (line) => {
    text += `${line}\n`
    lines += 1
    if (lines === killAtLine) child.kill('SIGKILL')
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(child, 'close')
  return { code: child.exitCode ?? undefined, text }
}

async function writePlan(namespace: string) {
  const launch = { ...samplePlan().launch, portHttp: engine.port, resources: { 'nvidia.com/gpu': 1, cpu: 1 } }
  const files = { plan: path.join(folder, `${namespace}.json`), options: path.join(folder, `${namespace}-options.json`) }
  await writeFile(files.plan, JSON.stringify(samplePlan({ hardwareId: 'l4', launch })))
  await writeFile(files.options, JSON.stringify({ namespace, modelStorage: { kind: 'ephemeral' } }))
  return files
}

describe('bud-cluster against a real control plane', () => {
  test('killed at any line of apply and of destroy: run again, it ends in the same state', { timeout: 240_000 }, async () => {
    const before = await inventory(admin, besides)
    const namespace = freshName('kill')
    const { plan, options } = await writePlan(namespace)
    const apply = ['apply', plan, '--options', options, '--json']
    const destroy = ['destroy', 'llama-chat', '--namespace', namespace, '--json']
    const kills: string[] = []
    for (const line of [1, 3, 5, 8, 11, 14]) {
      const killed = await run(apply, line)
      kills.push(killed.code === undefined ? 'killed' : 'ended')
      const again = await run(apply)
      expect(again, `after a kill at line ${String(line)} of apply`).toMatchObject({ code: 0 })
      const unchanged = await run(['plan', plan, '--options', options])
      expect(unchanged.text).toContain('nothing to change')
      await run(destroy, (line % 3) + 1)
      expect(await run(destroy), `after a kill of destroy`).toMatchObject({ code: 0 })
      expect(await inventory(admin, besides)).toEqual(before)
    }
    expect(kills.filter((kill) => kill === 'killed').length).toBeGreaterThanOrEqual(5)
  })

  test('writes no credential to its output or its state', { timeout: 60_000 }, async () => {
    const token = /"token":"([0-9a-f]{48})"/.exec(await readFile(kubeconfigFile(), 'utf8'))?.[1]
    if (token === undefined) throw new Error('the kubeconfig of the service tier must hold a token')
    const namespace = freshName('canary')
    const { plan, options } = await writePlan(namespace)
    let written = ''
    for (const args of [
      ['plan', plan, '--options', options],
      ['apply', plan, '--options', options],
      ['discover'],
      ['observe', 'llama-chat', '--namespace', namespace],
    ])
      written += (await run(args)).text
    for (const name of await readdir(folder)) written += await readFile(path.join(folder, name), 'latin1')
    written += (await run(['destroy', 'llama-chat', '--namespace', namespace])).text
    expect(written).toContain('llama-chat')
    expect(written).not.toContain(token)
  })
})
