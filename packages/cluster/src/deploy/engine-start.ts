/** How the containers of a plan are started: the launch spec, with what the deployer chose about folders, adapters, nodes and roles. */
import type { DeploymentPlan, LaunchSpec } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { withArgs, type EngineDeployment, type RouterStart, type Start } from './engines/engine-deployment.ts'
import { findEngineDeployment } from './engines/engine-deployments.ts'
import type { RenderOptions } from './render-options.ts'
import { workloadName, type Role } from './roles.ts'

export const modelPath = '/models'
/** Where the download job puts the model, and its adapters beside it. */
export const modelFolder = `${modelPath}/current`
const adapterFolder = (name: string) => `${modelPath}/adapters/${name}`

const cannot = (plan: DeploymentPlan, what: string, fix: string) =>
  clusterErrors.PLAN_UNDEPLOYABLE({ name: plan.name, problem: `engine '${plan.engine.id}' ${what}`, fix })

/** The folder to read the model from; undefined when the engine downloads it by itself. */
function folderOf({ modelStorage, modelSource }: RenderOptions): string | undefined {
  if (modelStorage.kind === 'existingClaim') return `${modelPath}/${modelStorage.path}`.replace(/\/+$/, '')
  return modelSource.kind === 'engine' ? undefined : modelFolder
}

function argsWithFolder(plan: DeploymentPlan, engine: EngineDeployment | undefined, folder: string): readonly string[] {
  if (engine !== undefined) return engine.fromFolder(plan.launch, plan.model.id, folder)
  throw cannot(plan, 'is not known, so where it takes a folder is not either', "use modelSource { kind: 'engine' }")
}

/** The engine's container of a replica on one node. */
export function engineStart(plan: DeploymentPlan, options: RenderOptions): Start {
  const engine = findEngineDeployment(plan.engine.id)
  const folder = folderOf(options)
  const { command, env } = plan.launch
  const args = folder === undefined ? plan.launch.args : argsWithFolder(plan, engine, folder)
  // A folder that is there must not be looked up again on the Internet.
  const offline = folder === undefined ? {} : { HF_HUB_OFFLINE: '1' }
  const start: Start = { command, args, env: { ...env, ...offline } }
  if (options.loraAdapters.length === 0) return start
  if (engine?.adapters === undefined)
    throw cannot(plan, 'takes no LoRA adapters', 'remove loraAdapters, or choose vllm, sglang, tgi or llama-cpp')
  if (options.modelStorage.kind === 'existingClaim') {
    throw cannot(plan, 'would look for adapters in a claim that is not ours', "use modelStorage { kind: 'claim' } with a modelSource")
  }
  const downloaded = options.modelSource.kind !== 'engine'
  return engine.adapters(
    start,
    options.loraAdapters.map(({ name, repository }) => ({ name, place: downloaded ? adapterFolder(name) : repository })),
  )
}

/** What a plan says about its own leaders and workers comes before what we know of the engine. */
function launchNodes(start: Start, launch: LaunchSpec): { readonly leader: Start; readonly worker: Start } | undefined {
  if (launch.multiNode === undefined) return undefined
  return { leader: withArgs(start, launch.multiNode.leaderArgs), worker: withArgs(start, launch.multiNode.workerArgs) }
}

export function nodeStarts(plan: DeploymentPlan, options: RenderOptions): { readonly leader: Start; readonly worker: Start } {
  const start = engineStart(plan, options)
  const starts = launchNodes(start, plan.launch) ?? findEngineDeployment(plan.engine.id)?.multiNode?.(start)
  if (starts === undefined) {
    throw cannot(
      plan,
      `cannot span nodes, and the plan asks for ${String(plan.nodesPerReplica)} of them in one replica`,
      'choose a plan with nodesPerReplica 1, or an engine whose launch spec has multiNode',
    )
  }
  if (plan.engine.id === 'tensorrt-llm' && plan.launch.multiNode === undefined && options.sshKey === undefined) {
    throw cannot(plan, 'starts its other nodes by SSH', 'make a Secret with a key pair and set sshKey { secretName }')
  }
  return starts
}

const serviceUrl = (plan: DeploymentPlan, options: RenderOptions, role: Role) =>
  `http://${workloadName(plan, role)}.${options.namespace}:80`

/** The three starts of a deployment with prefill and decode apart. */
export function splitStarts(plan: DeploymentPlan, options: RenderOptions) {
  const split = findEngineDeployment(plan.engine.id)?.split
  if (split === undefined)
    throw cannot(plan, 'cannot serve prefill and decode apart', 'remove disaggregation, or choose vllm, sglang or tensorrt-llm')
  if (plan.nodesPerReplica > 1)
    throw cannot(plan, 'with prefill and decode apart must fit on one node', 'choose a plan with nodesPerReplica 1')
  const start = engineStart(plan, options)
  const router: RouterStart = split.router({
    launch: plan.launch,
    model: plan.model.servedName,
    prefillUrl: serviceUrl(plan, options, 'prefill'),
    decodeUrl: serviceUrl(plan, options, 'decode'),
  })
  const image = options.disaggregation?.routerImage ?? router.image
  if (image === undefined) throw cannot(plan, 'publishes no router image with a fixed version', 'set disaggregation.routerImage')
  return { prefill: split.prefill(start), decode: split.decode(start), router: { ...router, image } }
}

/** Where requests arrive: the engine's port, or the router's. */
export function servingPort(plan: DeploymentPlan, options: RenderOptions): number {
  return options.disaggregation === undefined ? plan.launch.portHttp : splitStarts(plan, options).router.portHttp
}
