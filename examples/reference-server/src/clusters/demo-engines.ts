/** What runs behind the pods of the demo cluster: engine twins, a few processes for each deployment, with the lines that they write. */
import type { PodCall } from '@bud-foundry/cluster'
import { isBudError, type Clock, type DeploymentPlan, type Logger } from '@bud-foundry/core'
import { serverErrors } from '../errors.ts'
import { startTwinFleet, type TwinFleet } from '../twin-fleet.ts'

/** Each is a process of this machine. */
const twinsMax = 2
const deploymentsMax = 3
const logLinesMax = 500

export interface LogLine {
  readonly timeUnixMs: number
  readonly replica: number
  readonly text: string
}

export interface DemoEngine {
  readonly name: string
  readonly namespace: string
  readonly fleet: TwinFleet
}

export interface DemoEngines extends AsyncDisposable {
  /** Tells what the pods of a deployment will run. @throws SERVER_DEMO_FULL */
  expect(deployment: { readonly name: string; readonly namespace: string }, plan: DeploymentPlan): void
  answerPod(call: PodCall): Promise<{ readonly status: number; readonly text: string }>
  stop(deployment: { readonly name: string; readonly namespace: string }): Promise<void>
  /** Deployments whose engines have answered. */
  running(): readonly DemoEngine[]
  logs(deployment: { readonly name: string; readonly namespace: string }): readonly LogLine[]
}

interface Entry {
  readonly name: string
  readonly namespace: string
  plan: DeploymentPlan
  readonly lines: LogLine[]
  fleet: Promise<TwinFleet> | undefined
  ready: TwinFleet | undefined
}

export function createDemoEngines({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }): DemoEngines {
  const entries = new Map<string, Entry>()
  const idOf = ({ name, namespace }: { readonly name: string; readonly namespace: string }) => `${namespace}/${name}`
  // Pods are named after their deployment.
  const entryOf = ({ namespace, name }: PodCall) =>
    [...entries.values()]
      .filter((entry) => entry.namespace === namespace && name.startsWith(`${entry.name}-`))
      .sort((left, right) => right.name.length - left.name.length)[0]

  const start = (entry: Entry): Promise<TwinFleet> => {
    entry.fleet ??= startTwinFleet({
      replicas: Math.min(entry.plan.replicas, twinsMax),
      model: entry.plan.model.id,
      servedName: entry.plan.model.servedName,
      hardwareId: entry.plan.hardwareId,
      clock,
      logger,
      onLine: (replica, text) => {
        entry.lines.push({ timeUnixMs: clock.nowMs(), replica, text })
        if (entry.lines.length > logLinesMax) entry.lines.shift()
      },
    })
    return entry.fleet
  }

  const stop = async (entry: Entry): Promise<void> => {
    entries.delete(idOf(entry))
    const fleet = await entry.fleet?.catch(() => undefined)
    await fleet?.[Symbol.asyncDispose]()
  }

  return {
    expect: (deployment, plan) => {
      const known = entries.get(idOf(deployment))
      if (known !== undefined) {
        known.plan = plan
        return
      }
      if (entries.size >= deploymentsMax) throw serverErrors.DEMO_FULL({ deploymentsMax })
      entries.set(idOf(deployment), { ...deployment, plan, lines: [], fleet: undefined, ready: undefined })
    },
    answerPod: async (call) => {
      const entry = entryOf(call)
      if (entry === undefined) return { status: 404, text: '' }
      try {
        const fleet = await start(entry)
        const [url] = fleet.urls
        const response = await fetch(new URL(`.${call.path.replace(/^\/v1/, '')}`, `${url?.href ?? ''}/`), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(call.body),
        })
        const text = await response.text()
        if (response.ok) entry.ready = fleet
        return { status: response.status, text }
      } catch (error) {
        entry.fleet = undefined
        return { status: 503, text: isBudError(error) ? error.message : 'the engine did not start' }
      }
    },
    stop: async (deployment) => {
      const entry = entries.get(idOf(deployment))
      if (entry !== undefined) await stop(entry)
    },
    running: () =>
      [...entries.values()].flatMap(({ name, namespace, ready }) => (ready === undefined ? [] : [{ name, namespace, fleet: ready }])),
    logs: (deployment) => entries.get(idOf(deployment))?.lines ?? [],
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...entries.values()].map(stop))
    },
  }
}
