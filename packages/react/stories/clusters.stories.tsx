/** Clusters: machines, deployments, operations, the way to deploy. */
import { AutoscaleForm } from '../src/entry/autoscale-form.ts'
import { ClusterList, LeftoverList } from '../src/entry/clusters.ts'
import { DeployWizard, PlanChanges } from '../src/entry/deploy-wizard.ts'
import { DeploymentList } from '../src/entry/deployment-list.ts'
import { BenchmarkResults } from '../src/entry/benchmark-results.ts'
import { NodeDetail, NodeTable } from '../src/entry/node-table.ts'
import { OperationList, OperationView } from '../src/entry/operation-progress.ts'
import type { ClusterChanges, ClusterNode, ClusterOperation } from '../src/entry/clusters.ts'
import { samplePlan } from '../test/support/sample-data.ts'
import { benchmarks, changes, cluster, deployed, logs, operation, scalePreview } from './support/sample-clusters.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Clusters' }

// Safe: samples are written as the server writes them; the client checks the same shapes.
const nodes = cluster.nodes as readonly ClusterNode[]
const running = operation as ClusterOperation
const shownChanges = changes as unknown as ClusterChanges

const list = () => <ClusterList selected="demo" onSelect={() => {}} />
export const List = { ...loaded({ clusters: { data: [cluster] } }), render: list }
export const ListEmpty = { ...loaded({ clusters: { data: [] } }), render: list }
export const ListLoading = { ...loading, render: list }
export const ListFailed = { ...failed, render: list }
export const ListStale = { ...staleAfter({ clusters: { data: [cluster] } }), render: list }

export const Nodes = () => <NodeTable nodes={nodes} />

const deployments = () => <DeploymentList clusterId="demo" />
export const Deployments = {
  ...loaded({
    deployments: {
      data: [deployed, { ...deployed, deployment: { name: 'qwen3-32b', namespace: 'bud-inference' }, status: 'ready', problem: undefined }],
    },
    logs,
  }),
  render: deployments,
}
export const DeploymentsEmpty = { ...loaded({ deployments: { data: [] } }), render: deployments }
export const DeploymentsFailed = { ...failed, render: deployments }

export const Changes = () => <PlanChanges changes={shownChanges} />
export const ChangesNone = () => <PlanChanges changes={{ ...shownChanges, changes: [], findings: [] }} />
export const Wizard = () => <DeployWizard clusterId="demo" plan={samplePlan()} />

export const OperationRunning = () => <OperationView operation={running} onCancel={() => {}} />
export const OperationFailed = () => (
  <OperationView
    operation={{ ...running, status: 'failed', error: 'pod llama-3-1-8b-7d9f-1 cannot be placed: 0/3 nodes are available' }}
    onResume={() => {}}
  />
)
export const OperationDone = () => (
  <OperationView operation={{ ...running, status: 'done', done: 6, endedUnixMs: running.startedUnixMs + 61_000 }} />
)
const operations = () => <OperationList clusterId="demo" />
export const Operations = { ...loaded({ operations: { data: [operation] }, 'op-1': operation }), render: operations }
export const OperationsEmpty = { ...loaded({ operations: { data: [] } }), render: operations }

export const Autoscale = { ...loaded({ 'scale-preview': scalePreview }), render: () => <AutoscaleForm /> }
export const AutoscaleRefused = { ...loaded({}), render: () => <AutoscaleForm initial={{ maxReplicas: 'many' }} /> }

const leftovers = () => <LeftoverList clusterId="demo" />
export const Leftovers = {
  ...loaded({ leftovers: { data: [{ kind: 'PersistentVolumeClaim', name: 'chat', namespace: 'bud-inference' }] } }),
  render: leftovers,
}
export const LeftoversEmpty = { ...loaded({ leftovers: { data: [] } }), render: leftovers }

const [, , shared] = nodes
export const Node = () => (shared === undefined ? null : <NodeDetail node={shared} onClose={() => {}} />)

const results = () => <BenchmarkResults clusterId="demo" />
export const Benchmarks = { ...loaded({ benchmarks, deployments: { data: [{ ...deployed, status: 'ready' }] } }), render: results }
export const BenchmarksEmpty = { ...loaded({ benchmarks: { data: [] }, deployments: { data: [] } }), render: results }
export const BenchmarksLoading = { ...loading, render: results }
export const BenchmarksFailed = { ...failed, render: results }
