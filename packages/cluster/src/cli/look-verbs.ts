/** The verbs that only look: at a deployment, at its workers, at the cluster. */
import { namedDeployment, type Work } from './cli-context.ts'
import { defaultNamespace } from './command-line.ts'

export const lookVerbs = {
  observe: async (manager, line, context) => {
    const state = await manager.observe(namedDeployment(line), context.signal)
    const pods = state.pods.map(({ name, nodeName, phase, ready, reason }) =>
      `  ${name} on ${nodeName ?? 'no node'}: ${phase}${ready ? ', ready' : ''} ${reason ?? ''}`.trimEnd(),
    )
    const head = `${state.deployment.name} is ${state.status}: ${String(state.readyReplicas)} of ${String(state.replicas)} replicas`
    context.print(
      line.values.json ? JSON.stringify(state) : [head, ...(state.problem === undefined ? [] : [state.problem]), ...pods].join('\n'),
    )
    return state.status === 'ready' ? 0 : 1
  },
  test: async (manager, line, context) => {
    const { identity, findings } = await manager.testConnection(
      [],
      context.signal,
      line.values['all-namespaces'] ? undefined : (line.values.namespace ?? defaultNamespace),
    )
    const head = identity === undefined ? [] : [`${identity.platform} ${identity.version} at ${identity.server}`]
    const text = [...head, ...findings.map(({ severity, message }) => `${severity}: ${message}`)]
    context.print(line.values.json ? JSON.stringify({ identity, findings }) : text.join('\n'))
    return findings.some(({ severity }) => severity === 'blocker') ? 1 : 0
  },
  health: async (manager, line, context) => {
    const health = await manager.health(context.signal)
    const checks = health.checks.map(({ check, status, reason }) => `  ${check}: ${status}${reason === undefined ? '' : `, ${reason}`}`)
    context.print(line.values.json ? JSON.stringify(health) : [`the cluster is ${health.status}`, ...checks].join('\n'))
    return health.status === 'available' ? 0 : 1
  },
  workers: async (manager, line, context) => {
    const workers = await manager.workers(line.subject === undefined ? undefined : namedDeployment(line), context.signal)
    const rows = workers.map(
      ({ namespace, name, nodeName, hardwareId, phase, ready, restarts, reason }) =>
        `${namespace}/${name} on ${nodeName ?? 'no node'}${hardwareId === undefined ? '' : ` (${hardwareId})`}: ${phase}${ready ? ', ready' : ''}, ${String(restarts)} restarts${reason === undefined ? '' : `, ${reason}`}`,
    )
    context.print(line.values.json ? JSON.stringify(workers) : rows.length === 0 ? 'no workers' : rows.join('\n'))
    return 0
  },
  logs: async (manager, line, context) => {
    for (const worker of await manager.workers(namedDeployment(line), context.signal)) {
      for (const { at, text } of await manager.readLog(worker, context.signal)) {
        context.print(line.values.json ? JSON.stringify({ worker: worker.name, at, text }) : `${worker.name} ${text}`)
      }
    }
    return 0
  },
  discover: async (manager, line, context) => {
    const found = await manager.discover(context.signal)
    const devices = found.devices.map(
      ({ nodeName, count, available, hardwareId, sharing }) =>
        `${nodeName ?? ''}: ${String(count)} × ${hardwareId}, ${String(available ?? count)} free${sharing === 'whole' ? '' : `, ${sharing}`}`,
    )
    const text = [
      ...(devices.length === 0 ? ['no accelerators found'] : devices),
      ...found.findings.map(({ severity, message }) => `${severity}: ${message}`),
    ]
    context.print(line.values.json ? JSON.stringify(found) : text.join('\n'))
    return 0
  },
} as const satisfies Readonly<Record<string, Work>>
