/** Bud's simulator as a fetch handler: /simulator/run, recommendations, configurations and node-configurations, answered by optimize. */
import { type DeploymentPlan, isBudError, toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import { optimize } from '../optimize/optimizer.ts'
import { readJsonBody } from '../optimize/json-body.ts'
import { missRate, toClusterMetrics, toNodeGroup, toObjective } from './bud-answers.ts'
import { toDevices } from './bud-devices.ts'
import {
  type BudCluster,
  budClusterSchema,
  budConfigurationsSchema,
  budNodeConfigurationsSchema,
  type BudRun,
  budRunSchema,
} from './bud-schemas.ts'

export interface BudSimulatorOptions {
  /** The clusters as Bud's cluster service writes them, read anew for each simulation. */
  readonly clusters: () => Promise<readonly unknown[]>
}

interface Configuration {
  readonly id: string
  readonly clusterId: string
  readonly plan: DeploymentPlan
  failed: boolean
}

function parse<Schema extends z.ZodType>(schema: Schema, what: string, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw simErrors.REQUEST_INVALID({ what, issues: toConfigIssues(parsed.error) })
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8' } })

const unknownThing = (path: string, message: string, fix: string) =>
  simErrors.REQUEST_INVALID({ what: 'the request', issues: [{ path, message, fix }] })

const planFor = (run: Omit<BudRun, 'hardware_mode'>, cluster: BudCluster, nodeIds?: readonly string[]) =>
  optimize({
    model: run.pretrained_model_uri,
    devices: [...toDevices(cluster, run.pretrained_model_uri, nodeIds)],
    workload: { inputTokens: run.input_tokens, outputTokens: run.output_tokens, concurrency: run.concurrency },
    objective: toObjective(run),
    market: 'on-demand',
    // Bud's node groups are of one kind.
    serving: 'aggregated',
    plans: limits.plans,
  })

/** Routes below `/simulator`; results of the last simulations are kept in memory. Errors answer `{ error: { code, message } }`. */
export function createBudSimulator({ clusters }: BudSimulatorOptions): (request: Request) => Promise<Response> {
  // Callers without types have passed the list itself.
  if (typeof clusters !== 'function')
    throw simErrors.REQUEST_INVALID({
      what: 'the options of the Bud simulator',
      issues: [
        {
          path: 'clusters',
          message: `is ${Array.isArray(clusters) ? 'a list' : typeof clusters}`,
          fix: 'give a function that resolves to the list',
        },
      ],
    })
  const workflows = new Map<string, Configuration[]>()

  const readClusters = async (clusterId: string | null | undefined): Promise<readonly BudCluster[]> => {
    const all = (await clusters()).map((cluster) => parse(budClusterSchema, 'a cluster', cluster))
    const asked = typeof clusterId === 'string' ? all.filter(({ id }) => id === clusterId) : all
    if (asked.length === 0)
      throw unknownThing('cluster_id', `no cluster is called '${String(clusterId)}'`, `use one of ${all.map(({ id }) => id).join(', ')}`)
    return asked
  }
  const find = (workflowId: string | null): Configuration[] => {
    const found = workflows.get(workflowId ?? '')
    if (found === undefined) throw unknownThing('workflow_id', `is ${String(workflowId)}: no such simulation is kept`, 'run it again')
    return found
  }
  const run = async (body: unknown): Promise<unknown> => {
    const asked = parse(budRunSchema, 'the simulation', body)
    const found: Configuration[] = []
    const failures: unknown[] = []
    for (const cluster of await readClusters(asked.cluster_id))
      try {
        for (const plan of (await planFor(asked, cluster)).plans)
          found.push({ id: crypto.randomUUID(), clusterId: cluster.id, plan, failed: false })
      } catch (error) {
        // Another cluster may still do.
        if (!isBudError(error) || error.status !== 422) throw error
        failures.push(error)
      }
    if (found.length === 0) throw failures[0]
    const workflowId = crypto.randomUUID()
    workflows.set(workflowId, found)
    for (const oldest of workflows.keys()) if (workflows.size > limits.budWorkflows) workflows.delete(oldest)
    return { workflow_id: workflowId, status: 'completed', recommendations: recommend(found, 0.5) }
  }
  /** The cheapest of each cluster that misses its targets by no more than the threshold. */
  const recommend = (found: readonly Configuration[], threshold: number) => {
    const usable = found.filter(({ failed, plan }) => !failed && missRate(plan) <= threshold)
    const cost = ({ plan }: Configuration) => plan.cost?.usdPerMillionOutputTokens ?? Infinity
    return [...new Set(usable.map(({ clusterId }) => clusterId))]
      .flatMap((clusterId) => {
        const [best] = usable.filter((entry) => entry.clusterId === clusterId)
        return best === undefined ? [] : [best]
      })
      .sort((left, right) => cost(left) - cost(right))
      .map(({ clusterId, plan }) => toClusterMetrics(clusterId, plan))
  }
  const recommendations = (query: URLSearchParams): unknown => {
    const whole = (name: string, fallback: number) => parse(z.coerce.number().int().min(1).max(1000), name, query.get(name) ?? fallback)
    const threshold = parse(z.coerce.number().min(0), 'error_rate_threshold', query.get('error_rate_threshold') ?? 0.5)
    const clusterId = query.get('cluster_id')
    const all = recommend(find(query.get('workflow_id')), threshold).filter((item) => clusterId === null || item.cluster_id === clusterId)
    const [page, limit] = [whole('page', 1), whole('limit', 1)]
    return { items: all.slice((page - 1) * limit, page * limit), total_items: all.length, page, limit }
  }
  const configurations = (body: unknown): unknown => {
    const asked = parse(budConfigurationsSchema, 'the request', body)
    const found = find(asked.workflow_id)
    if (typeof asked.cluster_id === 'string' && found.every(({ clusterId }) => clusterId !== asked.cluster_id))
      throw unknownThing(
        'cluster_id',
        `the simulation has nothing on a cluster called '${asked.cluster_id}'`,
        `use one of ${[...new Set(found.map(({ clusterId }) => clusterId))].join(', ')}`,
      )
    for (const { config_id, failed } of asked.feedback ?? [])
      for (const entry of found) if (entry.id === config_id && failed) entry.failed = true
    const [best] = found.filter(
      ({ clusterId, failed, plan }) =>
        !failed && (typeof asked.cluster_id !== 'string' || clusterId === asked.cluster_id) && missRate(plan) <= asked.error_rate_threshold,
    )
    if (best === undefined)
      throw unknownThing('error_rate_threshold', 'no configuration that is left misses so little', 'raise it, or run with other targets')
    const group = toNodeGroup(best.id, best.plan)
    const { replicas, ttft, throughput_per_user, e2e_latency, error_rate, cost_per_million_tokens } = group
    return {
      id: best.clusterId,
      node_groups: [group],
      replica: replicas,
      concurrency: best.plan.workload.concurrency ?? null,
      ttft,
      throughput_per_user,
      e2e_latency,
      error_rate,
      cost_per_million_tokens,
    }
  }
  const nodeConfigurations = async (body: unknown): Promise<unknown> => {
    const asked = parse(budNodeConfigurationsSchema, 'the request', body)
    const [cluster] = await readClusters(asked.cluster_id)
    if (cluster === undefined) throw unknownThing('cluster_id', 'is not known', 'use another one')
    const missing = asked.node_ids.find((nodeId) => cluster.nodes.every(({ id }) => id !== nodeId))
    if (missing !== undefined)
      throw unknownThing(
        'node_ids',
        `cluster '${cluster.id}' has no node '${missing}'`,
        `use ids of ${cluster.nodes.map(({ id }) => id).join(', ')}`,
      )
    const devices = toDevices(cluster, asked.pretrained_model_uri, asked.node_ids)
    const { plans } = await planFor(asked, cluster, asked.node_ids)
    // One option for each way to split; further plans differ in settings that the answer does not carry.
    const splits = new Map(
      plans
        .toReversed()
        .map((plan) => [[plan.hardwareId, plan.engine.id, plan.parallelism.tensor, plan.parallelism.pipeline].join(), plan]),
    )
    const roomFor = ({ hardwareId, devicesPerReplica, nodesPerReplica }: DeploymentPlan) => {
      const each = devicesPerReplica / nodesPerReplica
      const slots = devices.filter((device) => device.hardwareId === hardwareId).map(({ count }) => Math.floor(count / each))
      return Math.floor(slots.reduce((sum, slot) => sum + slot, 0) / nodesPerReplica)
    }
    return {
      options: [...splits.values()].toReversed().map((plan) => ({
        device_type: plan.hardwareId,
        tp_size: plan.parallelism.tensor,
        pp_size: plan.parallelism.pipeline,
        // How many the nodes have room for; the load needs `replicas` of them.
        max_replicas: roomFor(plan),
        replicas: plan.replicas,
        total_devices: roomFor(plan) * plan.devicesPerReplica,
        engine: plan.engine.id,
        meets_targets: plan.predicted.meetsObjective,
      })),
    }
  }

  return async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    try {
      switch (`${request.method} ${pathname}`) {
        case 'POST /simulator/run':
          return json(200, await run(await readJsonBody(request)))
        case 'GET /simulator/recommendations':
          return json(200, recommendations(searchParams))
        case 'POST /simulator/configurations':
          return json(200, configurations(await readJsonBody(request)))
        case 'POST /simulator/node-configurations':
          return json(200, await nodeConfigurations(await readJsonBody(request)))
        default:
          return json(404, { error: { code: 'SIM_ROUTE_UNKNOWN', message: `there is no ${request.method} ${pathname}` } })
      }
    } catch (error) {
      if (isBudError(error)) return json(error.status, { error: { code: error.code, message: error.message } })
      throw error
    }
  }
}
