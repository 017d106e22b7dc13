'use client'
/** What a removal could not delete. */
import { useWords } from '../hook/bud-context.ts'
import { useClusterLeftovers } from '../hook/use-clusters.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { clusterWords } from './cluster-words.ts'

export function LeftoverList({ clusterId }: { readonly clusterId: string }) {
  const words = useWords('clusters', clusterWords)
  const leftovers = useClusterLeftovers(clusterId)
  return (
    <Panel title={words.leftovers}>
      <Loaded resource={leftovers} isEmpty={(data) => data.length === 0} empty={{ title: words.noLeftovers, hint: words.noLeftoversHint }}>
        {(data) => (
          <ul className="bud-change-list">
            {data.map(({ kind, name, namespace }) => (
              <li key={`${kind}/${namespace ?? ''}/${name}`}>
                <code dir="ltr">
                  {kind} {namespace === undefined ? '' : `${namespace}/`}
                  {name}
                </code>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
