/** Public list of the node table. */
export { NodeTable } from '../cluster/node-table.tsx'
