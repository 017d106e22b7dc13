/** Public list of the deployments of a cluster. */
export { DeploymentList, type DeploymentListProps } from '../cluster/deployment-list.tsx'
