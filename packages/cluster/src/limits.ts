/** Every bound of this package. */

/** Replicas of one deployment: above this a plan is more likely a mistake than a wish. */
export const replicasMax = 512

/** Bytes of a request to the HTTP handler: a plan is a few kilobytes. */
export const requestBytesMax = 1_048_576

/** Bytes of a kubeconfig: certificates and tokens of some clusters fit many times. */
export const kubeconfigBytesMax = 1_048_576

/** Bytes of one answer of the Kubernetes API: a page of large objects fits many times. */
export const answerBytesMax = 64 * 2 ** 20

/** Objects per page of a list: half of what kubectl asks for, because a node with its labels and images takes ten kilobytes and more. */
export const listPageObjects = 250

/** Objects of one list in all: the largest cluster that the Kubernetes project supports runs 150 000 pods. */
export const listObjectsMax = 200_000

/** Bytes of one event of a watch: an object is at most 1.5 MiB in etcd. */
export const watchLineBytesMax = 8 * 2 ** 20

/** One request to the Kubernetes API, watches aside. */
export const requestTimeoutMs = 30_000

/** How long a dead operator keeps a deployment locked, and how often a living one says that it lives. */
export const operatorLeaseSeconds = 30
export const operatorRenewMs = 10_000

/** One run of a credential plugin, which may ask a cloud, and what it answers. */
export const credentialPluginMs = 60_000
export const credentialBytesMax = 1_048_576

/** Between two looks at a rollout or a removal. */
export const pollMs = 1_000

/** Foreground deletion, claims and terminating pods included (their grace period is two minutes). */
export const removalTimeoutMs = 5 * 60_000

/** Beyond the time that a plan gives an engine to start: pulling its image and downloading the weights. */
export const rolloutMarginMs = 600_000

/** Waits between attempts of a watch: doubled from the first up to the last. */
export const watchRetryMs = { first: 500, last: 30_000 } as const

/** Progress waiting for a slow reader. */
export const progressMax = 10_000

/** Lines of one answer with a pod's log. */
export const logLinesMax = 10_000

/** One job in the cluster: quantizing or building takes hours, not days. */
export const jobTimeoutMs = 24 * 3_600_000

/** Between two looks at a cloud, and how long a control plane and machines with accelerators may take (these start slowly, and wait for capacity). */
export const cloudPollMs = 10_000
export const clusterTimeoutMs = 45 * 60_000
export const poolTimeoutMs = 75 * 60_000

/** One call of helm, which may fetch a chart, and what it renders: the largest known chart is a tenth of it. */
export const helmTimeoutMs = 120_000
export const renderedBytesMax = 64 * 2 ** 20

/** Between two looks at the health of a cluster. */
export const healthIntervalMs = 30_000

/** How often a request is made of a server that says 'not yet', and the longest pause before the next: definitions of custom resources take seconds. */
export const requestAttempts = 8
export const retryAfterMsMax = 5_000

/** How often an object is read and replaced anew while controllers write it, and the first pause between: each is longer by as much. */
export const replaceAttempts = 20
export const replacePauseMs = 50

/** How long connections to a server are used with the credentials that they were made with. */
export const dispatcherMs = 5 * 60_000

/** Devices of one node, shares of them included: a larger quantity is a mistake of a plugin. */
export const devicesPerNodeMax = 10_000

/** Lines of one page of the DCGM exporter: some dozens for each device or instance. */
export const dcgmLinesMax = 100_000
