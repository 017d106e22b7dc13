/** Destroys a deployment: everything it owns goes, the namespace too if it was ours and is empty, and a last look proves it. */
import { describeObject } from '../kubernetes/kubernetes-api.ts'
import { applicationId, type OperationParts } from './apply-changes.ts'
import type { DeploymentReference } from './change-set.ts'
import { clusterScope } from './cluster-scope.ts'
import { forgetHistory } from './deployment-history.ts'
import type { Outline, Reporter, StepId } from './operation.ts'
import { acquireOperatorLease } from './operator-lease.ts'
import { removeEmptyNamespace, removeOwned, waitUntilGone, type Removal } from './remove-deployment.ts'

export const destroyOutline: Outline = { parts: 4, secondsOf: () => 10, totalSeconds: 40 }

/**
 * Not journaled on purpose: it asks the cluster what is left, so running it again after a crash continues by itself.
 * @throws CLUSTER_REMOVAL_INCOMPLETE, CLUSTER_OPERATOR_BUSY.
 */
export async function destroyDeployment(parts: OperationParts, deployment: DeploymentReference, report: Reporter, signal: AbortSignal) {
  const { api } = parts
  const removalFor = (step: StepId): Removal => ({
    ...parts,
    deployment,
    onWait: (message) => {
      report.progress(step, deployment.name, message)
    },
  })
  await report.track('verify_cluster_connection', api.server, () => api.version(signal))
  const namespace = { apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }
  if ((await api.read(namespace, signal)) !== undefined) {
    await using lease = await acquireOperatorLease({ ...parts, deployment }, signal)
    const held = AbortSignal.any([signal, lease.signal])
    await report.track('delete_namespace', deployment.name, async () => {
      await removeOwned(removalFor('delete_namespace'), held)
      await waitUntilGone(removalFor('delete_namespace'), held)
    })
  }
  await report.track('delete_namespace', describeObject(namespace), () => removeEmptyNamespace(removalFor('delete_namespace'), signal))
  await report.track('results', deployment.name, async () => {
    await waitUntilGone(removalFor('results'), signal)
    const scope = await clusterScope(parts, signal)
    await forgetHistory(parts.store, scope, deployment)
    await parts.runner.forget(applicationId(scope, deployment))
  })
}
