/** Clusters: machines, what is deployed, what happens, and how it would scale. */
import { AutoscaleForm } from '@bud-foundry/react/autoscale-form'
import { BenchmarkResults } from '@bud-foundry/react/benchmark-results'
import { ClusterList, LeftoverList, useClusters } from '@bud-foundry/react/clusters'
import { DeploymentList } from '@bud-foundry/react/deployment-list'
import { NodeDetail, NodeTable } from '@bud-foundry/react/node-table'
import { OperationList } from '@bud-foundry/react/operation-progress'
import { PredictedMeasured } from '@bud-foundry/react/predicted-measured'
import { useMemo, useState } from 'react'
import { go, type Route } from './route.ts'

export function ClustersPage({ route }: { readonly route: Route }) {
  const clusters = useClusters().data ?? []
  const cluster = clusters.find(({ id }) => id === route.clusterId) ?? clusters[0]
  const [nodeName, setNodeName] = useState<string | undefined>(undefined)
  const node = cluster?.nodes.find(({ name }) => name === nodeName)
  const window = useMemo(() => ({ last: route.range }), [route.range])
  return (
    <>
      <div className="page-head page-head-row">
        <div>
          <h1>Clusters</h1>
          <p>Machines, what runs on them, and what it would cost to run more.</p>
        </div>
        <a className="bud-button bud-button-primary" href="#/plan">
          Find a plan to deploy
        </a>
      </div>
      <ClusterList selected={cluster?.id} onSelect={(clusterId) => go({ ...route, clusterId })} />
      {cluster === undefined ? null : (
        <>
          <div className="two-columns">
            <DeploymentList clusterId={cluster.id} />
            <OperationList clusterId={cluster.id} />
          </div>
          <section className="bud bud-panel" aria-labelledby="nodes-title">
            <header className="bud-panel-header">
              <h2 id="nodes-title" className="bud-panel-title">
                Nodes
              </h2>
            </header>
            <NodeTable nodes={cluster.nodes} selected={node?.name} onSelect={setNodeName} />
          </section>
          {node === undefined ? null : <NodeDetail node={node} onClose={() => setNodeName(undefined)} />}
          <BenchmarkResults clusterId={cluster.id} />
          <div className="two-columns">
            <PredictedMeasured clusterId={cluster.id} window={window} />
            <LeftoverList clusterId={cluster.id} />
          </div>
          <AutoscaleForm />
        </>
      )}
    </>
  )
}
