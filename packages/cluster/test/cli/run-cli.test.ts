import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { lockDirectory } from '@bud-foundry/core/store/lock'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { CliContext } from '../../src/cli/cli-context.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import type { FakeKubernetesOptions } from '../../src/testing.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { sampleManager } from '../support/sample-manager.ts'

function terminal(options: FakeKubernetesOptions & { readonly clock?: Clock } = {}, files: Readonly<Record<string, string>> = {}) {
  const { api, manager } = sampleManager(options)
  const out: string[] = []
  const errors: string[] = []
  const all = new Map(Object.entries({ 'plan.json': JSON.stringify(samplePlan()), ...files }))
  const context: CliContext = {
    version: '1.2.3',
    readFile: (path) => {
      const text = all.get(path)
      return text === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(text)
    },
    writeFile: (path, text) => Promise.resolve(void all.set(path, text)),
    removeFile: (path) => Promise.resolve(void all.delete(path)),
    listFolder: (folder) =>
      Promise.resolve([...all.keys()].filter((path) => dirname(path) === folder).map((path) => path.slice(folder.length + 1))),
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    signal: new AbortController().signal,
    connect: () => Promise.resolve(borrowed(manager)),
  }
  const run = (...args: string[]) => {
    out.length = 0
    errors.length = 0
    return runCli(args, context)
  }
  return { api, run, out, errors, files: all }
}

/** The same manager, open after the command that used it. */
function borrowed(manager: ReturnType<typeof sampleManager>['manager']): typeof manager {
  return {
    identify: (...args) => manager.identify(...args),
    testConnection: (...args) => manager.testConnection(...args),
    run: (...args) => manager.run(...args),
    health: (...args) => manager.health(...args),
    workers: (...args) => manager.workers(...args),
    readLog: (...args) => manager.readLog(...args),
    discover: (...args) => manager.discover(...args),
    plan: (...args) => manager.plan(...args),
    adopt: (...args) => manager.adopt(...args),
    drift: (...args) => manager.drift(...args),
    rollback: (...args) => manager.rollback(...args),
    apply: (...args) => manager.apply(...args),
    observe: (...args) => manager.observe(...args),
    destroy: (...args) => manager.destroy(...args),
    leftovers: (...args) => manager.leftovers(...args),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

describe('bud-cluster', () => {
  test('tests a connection, tells the health, and lists workers and what they wrote', async () => {
    const { run, out } = terminal()
    expect(await run('test')).toBe(0)
    expect(out[0]).toContain('kubernetes v1.36.0-fake at https://fake.invalid')
    // The cluster in memory has no nodes.
    expect(await run('health')).toBe(1)
    expect(out[0]).toContain('nodes: failed, there are no nodes')
    expect(await run('workers')).toBe(0)
    expect(out).toEqual(['no workers'])
    await run('apply', 'plan.json')
    await run('workers', 'llama-chat', '--json')
    expect(JSON.parse(out[0] ?? '')).toHaveLength(2)
    expect(await run('logs', 'llama-chat')).toBe(0)
  })

  test('plans, applies, observes, finds no drift and destroys', async () => {
    const { run, out } = terminal()
    expect(await run('plan', 'plan.json')).toBe(0)
    expect(out[0]).toContain('+ Deployment bud-inference/llama-chat')
    expect(await run('apply', 'plan.json')).toBe(0)
    expect(out.at(-1)).toContain('[####################] 9/9 results llama-chat: done, finished')
    expect(await run('observe', 'llama-chat')).toBe(0)
    expect(out[0]).toContain('llama-chat is ready: 2 of 2 replicas')
    expect(await run('drift', 'plan.json')).toBe(0)
    expect(out[0]).toBe('nothing to change')
    expect(await run('destroy', 'llama-chat')).toBe(0)
    expect(out.at(-1)).toBe('nothing is left of llama-chat')
    expect(await run('observe', 'llama-chat')).toBe(1)
  })

  test('prints one JSON document, or one JSON line per event, on request', async () => {
    const { run, out } = terminal()
    await run('plan', 'plan.json', '--json')
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ deployment: { name: 'llama-chat' }, takesOver: false })
    await run('apply', 'plan.json', '--json')
    expect(out.slice(1).map((line) => (JSON.parse(line) as { step: string }).step)).toContain('verify_deployment_status')
    await run('discover', '--json')
    expect(JSON.parse(out[0] ?? '')).toEqual({ devices: [], findings: [] })
  })

  test('renders manifests and its own role without a cluster', async () => {
    const { run, out } = terminal()
    expect(await run('render', 'plan.json')).toBe(0)
    expect(parseAllDocuments(out[0] ?? '').map((document) => (document.toJS() as { kind: string }).kind)).toContain('Deployment')
    expect(await run('render', '--rbac')).toBe(0)
    expect(out[0]).toContain('kind: ClusterRole')
    expect(out[0]).not.toMatch(/'\*'|secrets/)
    expect(out[0]).toContain('kind: RoleBinding')
    await run('render', '--rbac', '--all-namespaces')
    expect(out[0]).toContain('secrets')
  })

  test('goes back to what served, and says when there is nothing to go back to', async () => {
    const next = JSON.stringify(samplePlan({ replicas: 3 }))
    const { run, out, errors } = terminal({}, { 'next.json': next })
    expect(await run('rollback', 'llama-chat')).toBe(1)
    expect(errors[0]).toContain('no version of llama-chat that served is known here')
    await run('apply', 'plan.json')
    await run('apply', 'next.json')
    expect(await run('rollback', 'llama-chat')).toBe(0)
    expect(out[0]).toContain('spec.replicas: 3 -> 2')
    expect(await run('drift', 'plan.json')).toBe(0)
  })

  test('says what destroying left, and that there was nothing to destroy', async () => {
    const clock = createFakeClock()
    const { api, run, out, errors } = terminal({ clock })
    expect(await run('destroy', 'typo')).toBe(0)
    expect(errors[0]).toBe('nothing of typo is in namespace bud-inference')
    await run('apply', 'plan.json')
    const remove = api.remove.bind(api)
    api.remove = (reference, ...rest) => (reference.kind === 'Service' ? Promise.resolve() : remove(reference, ...rest))
    expect(await clock.run(run('destroy', 'llama-chat'))).toBe(1)
    expect(errors.join()).toMatch(/Service bud-inference\/llama-chat, .* still exist; look at their finalizers/)
    expect(out.join()).not.toContain('nothing is left')
  })

  test('writes a folder for GitOps, takes old files of its own away, and touches no others', async () => {
    const { run, out, errors, files } = terminal({}, { 'repo/team/readme.yaml': 'theirs: true\n' })
    const gitops = ['gitops', 'plan.json', '--out', 'repo', '--tool', 'flux', '--repository', 'https://git.example.test/apps.git']
    const into = [...gitops, '--folder', 'team']
    expect(await run(...into)).toBe(0)
    expect(out[0]).toContain('+ 00-namespace-bud-inference.yaml')
    expect(files.get('repo/team/flux.yaml')).toContain('url: https://git.example.test/apps.git')
    expect(await run(...into)).toBe(0)
    expect(out[0]).toBe('nothing to change')
    files.set('plan.json', JSON.stringify(samplePlan({ replicas: 1 })))
    await run(...into)
    expect(out[0]).toMatch(/- \d+-pod-disruption-budget-llama-chat\.yaml/)
    expect(files.get('repo/team/readme.yaml')).toBe('theirs: true\n')
    files.set('repo/team/kustomization.yaml', 'resources: [readme.yaml]\n')
    expect(await run(...into)).toBe(2)
    expect(errors.join('\n')).toContain("'repo/team/kustomization.yaml' is there and was not written by bud-cluster")
    expect(await run(...gitops)).toBe(0)
    expect(files.has('repo/bud-inference/llama-chat/kustomization.yaml')).toBe(true)
  })

  test('measures a deployment, and adds the row to a file', async () => {
    const figures = { duration: 2, completed: 160, failed: 0, total_input_tokens: 1, total_output_tokens: 1, request_throughput: 80 }
    const times = { output_throughput: 900, mean_ttft_ms: 80, median_ttft_ms: 70, mean_tpot_ms: 4, median_tpot_ms: 4 }
    const readLog = () => `bud-benchmark-result ${JSON.stringify({ ...figures, ...times })}`
    const { run, out, errors, files } = terminal({ readLog })
    await run('apply', 'plan.json')
    expect(await run('benchmark', 'plan.json', '--out', 'rows.csv', '--requests', '160')).toBe(0)
    expect(out.at(-1)).toBe('160 requests answered, 0 failed: 900 output tokens/s, first token 70 ms, then 4.0 ms each (medians)')
    await run('benchmark', 'plan.json', '--out', 'rows.csv')
    expect((files.get('rows.csv') ?? '').trimEnd().split('\n')).toHaveLength(3)
    expect(await run('benchmark', 'plan.json', '--requests', 'many')).toBe(1)
    expect(errors[0]).toContain('requests')
    files.set('rows.csv', 'other,columns\n')
    expect(await run('benchmark', 'plan.json', '--out', 'rows.csv')).toBe(2)
  })

  test('keeps two commands with one folder of state apart', { timeout: 30_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bud-cluster-state-'))
    using held = lockDirectory(folder)
    expect(held).toBeDefined()
    try {
      const user = { clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }], users: [{ name: 'a', user: { token: 't' } }] }
      const kubeconfig = { ...user, contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }], 'current-context': 'a' }
      await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig))
      const program = fileURLToPath(new URL('../../src/bin/bud-cluster.ts', import.meta.url))
      const args = ['--conditions=bud-source', program, 'destroy', 'x', '--state', folder, '--kubeconfig', join(folder, 'kubeconfig')]
      const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, args, (error, _, stderr) => {
          resolve({ code: error?.code, stderr })
        })
      })
      expect(outcome.code).toBe(2)
      expect(outcome.stderr).toContain(`another bud-cluster is at work with '${folder}'`)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test.each([
    [['fly'], "there is no verb 'fly'"],
    [['gitops', 'plan.json', '--tool', 'flux'], 'gitops needs --out'],
    [['gitops', 'plan.json', '--out', 'x', '--tool', 'helm'], 'gitops needs --tool argocd or --tool flux'],
    [['plan'], 'the file of a deployment plan is missing'],
    [['plan', 'absent.json'], "the plan 'absent.json' cannot be read as JSON"],
    [['observe'], 'observe needs the name of a deployment'],
    [['destroy', '../x'], "'../x' cannot be the name of a deployment"],
    [['observe', 'chat', '--namespace', 'Bad_NS'], "'Bad_NS' cannot be a namespace"],
    [['plan', 'plan.json', '--colour'], "Unknown option '--colour'"],
  ])('explains wrong arguments: %j', async (args, message) => {
    const { run, errors } = terminal()
    expect(await run(...args)).toBe(2)
    expect(errors[0]).toContain(message)
  })

  test('shows no secret of a plan, whatever it prints', async () => {
    const launch = { ...samplePlan().launch, env: { API_KEY: 'canary-one' }, args: ['m', '--api-key=canary-two', 'hf_canaryThree123456'] }
    const { run, out, errors } = terminal({}, { 'secret.json': JSON.stringify(samplePlan({ launch })) })
    for (const args of [['plan'], ['plan', '--json'], ['render'], ['drift', '--json'], ['apply', '--json']]) {
      const [verb = '', ...flags] = args
      expect(await run(verb, 'secret.json', ...flags)).toBe(1)
      expect(out.join('') + errors.join('')).not.toMatch(/canary/)
      expect(out.join('') + errors.join('')).toContain('looks like a secret')
    }
  })

  test('works in the namespace that is given, and refuses two of them', async () => {
    const { run, out, errors } = terminal({}, { 'options.json': '{"namespace":"team-a"}' })
    await run('plan', 'plan.json', '--namespace', 'team-b')
    expect(out[0]).toContain('+ Deployment team-b/llama-chat')
    expect(await run('plan', 'plan.json', '--namespace', 'team-b', '--options', 'options.json')).toBe(2)
    expect(errors[0]).toContain("--namespace team-b and the options' namespace 'team-a' are not the same")
  })

  test('takes what bud-sim optimize prints, and the plan of it that is chosen', async () => {
    const plans = [samplePlan(), samplePlan({ replicas: 7 })]
    const { run, out, errors } = terminal({}, { 'optimized.json': JSON.stringify({ plans, summary: [] }) })
    await run('render', 'optimized.json')
    expect(out[0]).toContain('replicas: 2')
    await run('render', 'optimized.json', '--plan', '2')
    expect(out[0]).toContain('replicas: 7')
    expect(await run('plan', 'optimized.json', '--plan', '3')).toBe(2)
    expect(errors[0]).toContain("'optimized.json' has 2 plans; choose one with --plan 1 to 2")
  })

  test('fails with the blockers, and applies nothing', async () => {
    const plan = JSON.stringify(samplePlan({ launch: { ...samplePlan().launch, env: { API_KEY: 'canary' } } }))
    const { run, out } = terminal({}, { 'secret.json': plan })
    expect(await run('apply', 'secret.json')).toBe(1)
    expect(out.join('\n')).toContain('blocker: API_KEY looks like a secret')
    expect(await run('observe', 'llama-chat', '--json')).toBe(1)
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ status: 'absent' })
  })
})
