import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCli, type CliContext } from '../../src/cli/run-cli.ts'
import type { FakeKubernetesOptions } from '../../src/testing.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { sampleManager } from '../support/sample-manager.ts'

function terminal(options: FakeKubernetesOptions = {}, files: Readonly<Record<string, string>> = {}) {
  const { manager } = sampleManager(options)
  const out: string[] = []
  const errors: string[] = []
  const all: Readonly<Record<string, string>> = { 'plan.json': JSON.stringify(samplePlan()), ...files }
  const context: CliContext = {
    version: '1.2.3',
    readFile: (path) => (all[path] === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(all[path])),
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    signal: new AbortController().signal,
    connect: () => Promise.resolve(borrowed(manager)),
  }
  const run = (...args: string[]) => {
    out.length = 0
    return runCli(args, context)
  }
  return { run, out, errors }
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
    expect(out[0]).not.toContain("'*'")
  })

  test.each([
    [['fly'], "there is no verb 'fly'"],
    [['plan'], 'the file of a deployment plan is missing'],
    [['plan', 'absent.json'], "the plan 'absent.json' cannot be read as JSON"],
    [['observe'], 'observe needs the name of a deployment'],
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

  test('fails with the blockers, and applies nothing', async () => {
    const plan = JSON.stringify(samplePlan({ launch: { ...samplePlan().launch, env: { API_KEY: 'canary' } } }))
    const { run, out } = terminal({}, { 'secret.json': plan })
    expect(await run('apply', 'secret.json')).toBe(1)
    expect(out.join('\n')).toContain('blocker: API_KEY looks like a secret')
    expect(await run('observe', 'llama-chat', '--json')).toBe(1)
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ status: 'absent' })
  })
})
