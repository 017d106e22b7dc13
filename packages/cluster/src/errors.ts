/** The error catalogue of cluster. */
import { defineErrors } from '@bud-foundry/core'

interface Failed {
  readonly what: string
  readonly problem: string
}

export const clusterErrors = defineErrors('CLUSTER', {
  BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ bytesMax }: { readonly bytesMax: number }) =>
      `the request body is larger than ${String(bytesMax)} bytes; a plan is a few kilobytes`,
  },
  PLAN_UNDEPLOYABLE: {
    status: 422,
    retryable: false,
    message: ({ name, problem, fix }: { readonly name: string; readonly problem: string; readonly fix: string }) =>
      `plan '${name}' cannot be deployed: ${problem}; ${fix}`,
  },
  KUBECONFIG_INVALID: {
    status: 422,
    retryable: false,
    message: ({ problem }: { readonly problem: string }) =>
      `the kubeconfig cannot be used: ${problem}; check it with 'kubectl config view'`,
  },
  KIND_UNKNOWN: {
    status: 422,
    retryable: false,
    message: ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) =>
      `kind '${kind}' of '${apiVersion}' is not one that this package manages; apply it with kubectl`,
  },
  KUBERNETES_UNREACHABLE: {
    status: 502,
    retryable: true,
    message: ({ server, problem }: { readonly server: string; readonly problem: string }) =>
      `the Kubernetes API at ${server} cannot be reached: ${problem}; check the address, the network and the certificate`,
  },
  KUBERNETES_FORBIDDEN: {
    status: 403,
    retryable: false,
    message: ({ what, problem }: Failed) =>
      `Kubernetes does not allow this: ${what}: ${problem}; grant the rules of 'bud-cluster render --rbac' to the user of the kubeconfig`,
  },
  KUBERNETES_REJECTED: {
    status: 422,
    retryable: false,
    message: ({ what, problem }: Failed) => `Kubernetes rejected this: ${what}: ${problem}`,
  },
  KUBERNETES_CONFLICT: {
    status: 409,
    retryable: false,
    message: ({ what, problem }: Failed) => `someone else changed this: ${what}: ${problem}`,
  },
  KUBERNETES_EXPIRED: {
    status: 410,
    retryable: true,
    message: ({ what }: { readonly what: string }) => `${what} continued from a version that the server has forgotten; list again`,
  },
  KUBERNETES_FAILED: {
    status: 502,
    retryable: true,
    message: ({ what, problem }: Failed) => `the Kubernetes API failed: ${what}: ${problem}`,
  },
  CHANGES_BLOCKED: {
    status: 409,
    retryable: false,
    message: ({ deployment, blockers }: { readonly deployment: string; readonly blockers: readonly string[] }) =>
      `the changes of '${deployment}' must not be applied: ${blockers.join('; ')}`,
  },
  OPERATOR_BUSY: {
    status: 409,
    retryable: true,
    message: ({ deployment, holder, untilText }: { readonly deployment: string; readonly holder: string; readonly untilText: string }) =>
      `'${deployment}' is being changed by '${holder}'; wait for it, or until ${untilText} if it is gone`,
  },
  OPERATOR_LEASE_LOST: {
    status: 409,
    retryable: true,
    message: ({ deployment }: { readonly deployment: string }) =>
      `the lease on '${deployment}' was taken over by another operator, or could not be renewed in time; plan again`,
  },
  DEPLOYMENT_NOT_READY: {
    status: 504,
    retryable: true,
    message: ({
      deployment,
      waitedSeconds,
      problem,
    }: {
      readonly deployment: string
      readonly waitedSeconds: number
      readonly problem: string
    }) => `'${deployment}' did not serve a token within ${String(waitedSeconds)} s: ${problem}`,
  },
  JOB_FAILED: {
    status: 502,
    retryable: true,
    message: ({ job, problem, log }: { readonly job: string; readonly problem: string; readonly log: string }) =>
      `job '${job}' failed: ${problem}${log === '' ? '' : `; it last said: ${log}`}; run it again: what it has finished stays`,
  },
  JOB_TOO_SLOW: {
    status: 504,
    retryable: true,
    message: ({ job, waitedSeconds }: { readonly job: string; readonly waitedSeconds: number }) =>
      `job '${job}' did not end within ${String(waitedSeconds)} s; look at its pod, then run it again: what it has finished stays`,
  },
  HELM_UNSUITABLE: {
    status: 424,
    retryable: false,
    message: ({ program, problem }: { readonly program: string; readonly problem: string }) =>
      `'${program}' cannot render charts: ${problem}; install Helm 3.14 or newer, or use add-ons of manifests`,
  },
  HELM_FAILED: {
    status: 502,
    retryable: true,
    message: ({ what, problem }: Failed) => `${what} failed: ${problem}`,
  },
  CHART_CHANGED: {
    status: 409,
    retryable: false,
    message: ({ chart, expected, digest }: { readonly chart: string; readonly expected: string; readonly digest: string }) =>
      `chart ${chart} has the digest ${digest} instead of ${expected}: somebody published other bytes under the same version; look at it before you use it`,
  },
  ADD_ON_INVALID: {
    status: 422,
    retryable: false,
    message: ({ addOn, problem }: { readonly addOn: string; readonly problem: string }) => `add-on '${addOn}' cannot be used: ${problem}`,
  },
  ADD_ON_IN_USE: {
    status: 409,
    retryable: false,
    message: ({ addOn, users }: { readonly addOn: string; readonly users: readonly string[] }) =>
      `add-on '${addOn}' is used by ${users.join(', ')}, which would go with its definitions; remove these first`,
  },
  BENCHMARK_UNREADABLE: {
    status: 502,
    retryable: true,
    message: ({ deployment, problem }: { readonly deployment: string; readonly problem: string }) =>
      `the benchmark of '${deployment}' cannot be used: ${problem}; look at the log of its job and run it again`,
  },
  CLOUD_NOT_OURS: {
    status: 409,
    retryable: false,
    message: ({ resource }: { readonly resource: string }) =>
      `${resource} exists and does not carry our tags; choose another name, or remove it yourself`,
  },
  CLOUD_ABSENT: {
    status: 404,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `the cloud does not know it: ${what}`,
  },
  CLOUD_CONFLICT: {
    status: 409,
    retryable: false,
    message: ({ what, problem }: Failed) => `the cloud has it already, or has no room for more: ${what}: ${problem}`,
  },
  CLOUD_REJECTED: {
    status: 422,
    retryable: false,
    message: ({ what, problem }: Failed) => `the cloud rejected this: ${what}: ${problem}`,
  },
  CLOUD_FORBIDDEN: {
    status: 403,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `the cloud does not allow this: ${what}; check the credentials and their roles`,
  },
  CLOUD_FAILED: {
    status: 502,
    retryable: true,
    message: ({ what, problem }: Failed) => `the cloud failed: ${what}: ${problem}`,
  },
  CLOUD_TOO_SLOW: {
    status: 504,
    retryable: true,
    message: ({ what, waitedSeconds }: { readonly what: string; readonly waitedSeconds: number }) =>
      `${what} was not done within ${String(waitedSeconds)} s; run it again: it continues`,
  },
  REMOVAL_INCOMPLETE: {
    status: 504,
    retryable: true,
    message: ({ deployment, leftovers }: { readonly deployment: string; readonly leftovers: readonly string[] }) =>
      `'${deployment}' is not gone: ${leftovers.join(', ')} still exist; look at their finalizers, then destroy again`,
  },
})
