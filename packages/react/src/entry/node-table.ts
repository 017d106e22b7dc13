/** The machines of a cluster, and each on its own. */
export { NodeTable, type NodeTableProps } from '../cluster/node-table.tsx'
export { NodeDetail, type NodeDetailProps } from '../cluster/node-detail.tsx'
