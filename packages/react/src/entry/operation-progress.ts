/** Public list of operations on clusters. */
export { OperationList, OperationProgress, OperationView, type OperationViewProps } from '../cluster/operation-progress.tsx'
