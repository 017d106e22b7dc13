/** Made from the server's OpenAPI document by the tests of the reference server (client-types.test.ts); not edited by hand. */

export type ConsolePlan = {
  readonly schemaVersion: 1
  readonly name: string
  readonly model: { readonly id: string; readonly servedName: string; readonly downloadBytes: number }
  readonly engine: { readonly id: string; readonly version: string }
  readonly hardwareId: string
  readonly replicas: number
  readonly parallelism: { readonly tensor: number; readonly pipeline: number; readonly expert: number; readonly data: number }
  readonly devicesPerReplica: number
  readonly nodesPerReplica: number
  readonly precision: { readonly weights: string; readonly kvCache: string }
  readonly settings: Readonly<Record<string, unknown>>
  readonly memoryPerDevice: {
    readonly weightsBytes: number
    readonly kvCacheBytes: number
    readonly activationsBytes: number
    readonly overheadBytes: number
    readonly capacityBytes: number
  }
  readonly launch: {
    readonly image: string
    readonly command: readonly string[]
    readonly args: readonly string[]
    readonly multiNode?: { readonly leaderArgs: readonly string[]; readonly workerArgs: readonly string[] } | undefined
    readonly env: Readonly<Record<string, string | undefined>>
    readonly portHttp: number
    readonly probes: { readonly startup: string; readonly ready: string; readonly live: string; readonly startupSecondsMax: number }
    readonly metricNames: {
      readonly running: string
      readonly waiting: string
      readonly kvUsage: string
      readonly timeToFirstToken: string
      readonly timePerOutputToken: string
    }
    readonly resources: Readonly<Record<string, number | undefined>>
  }
  readonly workload: {
    readonly inputTokens: number
    readonly outputTokens: number
    readonly sharedPrefixTokens?: number | undefined
    readonly concurrency?: number | undefined
    readonly requestsPerSecond?: number | undefined
  }
  readonly objective?:
    | {
        readonly timeToFirstTokenMs?: number | undefined
        readonly timePerOutputTokenMs?: number | undefined
        readonly endToEndMs?: number | undefined
        readonly outputTokensPerSecond?: number | undefined
      }
    | undefined
  readonly predicted: {
    readonly timeToFirstTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
    readonly timePerOutputTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
    readonly endToEndMs: { readonly low: number; readonly mid: number; readonly high: number }
    readonly outputTokensPerSecond: { readonly low: number; readonly mid: number; readonly high: number }
    readonly basis: 'measured' | 'fitted' | 'analytical'
    readonly meetsObjective: boolean
  }
  readonly cost?: { readonly usdPerHour: number; readonly usdPerMillionOutputTokens: number } | undefined
  readonly reasons: readonly string[]
}

export type ConsoleNodes = {
  readonly name: string
  readonly isReady: boolean
  readonly hardwareId?: string | undefined
  readonly devices: number
  readonly available: number
  readonly sharing?: 'whole' | 'mig' | 'time-slice' | 'hami' | undefined
  readonly slices: readonly { readonly profile: string; readonly count: number }[]
  readonly cpu: string
  readonly memory: string
  readonly pods: readonly string[]
  readonly conditions: readonly { readonly type: string; readonly isTrue: boolean; readonly message?: string | undefined }[]
  readonly system?:
    | {
        readonly architecture?: string | undefined
        readonly os?: string | undefined
        readonly kernel?: string | undefined
        readonly kubelet?: string | undefined
        readonly runtime?: string | undefined
      }
    | undefined
}

export type ConsoleListBenchmarksAnswerItem = {
  readonly id: string
  readonly deployment: { readonly name: string; readonly namespace: string }
  readonly endedUnixMs: number
  readonly model: string
  readonly hardwareId: string
  readonly replicas: number
  readonly isSimulated: boolean
  readonly load: { readonly concurrency: number; readonly inputTokens: number; readonly outputTokens: number }
  readonly completed: number
  readonly failed: number
  readonly durationSeconds: number
  readonly requestsPerSecond: number
  readonly outputTokensPerSecond: number
  readonly timeToFirstTokenMs: {
    readonly mean: number
    readonly p50: number
    readonly p95?: number | undefined
    readonly p99?: number | undefined
  }
  readonly timePerOutputTokenMs: {
    readonly mean: number
    readonly p50: number
    readonly p95?: number | undefined
    readonly p99?: number | undefined
  }
  readonly endToEndMs?:
    { readonly mean: number; readonly p50: number; readonly p95?: number | undefined; readonly p99?: number | undefined } | undefined
  readonly predicted?:
    | {
        readonly timeToFirstTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
        readonly timePerOutputTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
        readonly outputTokensPerSecond: { readonly low: number; readonly mid: number; readonly high: number }
      }
    | undefined
}

export type ConsoleListOperationsAnswerItem = {
  readonly id: string
  readonly kind: 'deploy' | 'destroy' | 'benchmark'
  readonly deployment: { readonly name: string; readonly namespace: string }
  readonly status: 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedUnixMs: number
  readonly endedUnixMs?: number | undefined
  readonly done: number
  readonly total: number
  readonly etaSeconds?: number | undefined
  readonly error?: string | undefined
  readonly events: readonly {
    readonly timeUnixMs: number
    readonly step: string
    readonly resource: string
    readonly state: 'started' | 'progress' | 'done' | 'failed'
    readonly message?: string | undefined
  }[]
}

export type ConsoleStartOperationBody =
  | { readonly changes: string }
  | { readonly destroy: { readonly name: string; readonly namespace: string } }
  | { readonly benchmark: { readonly name: string; readonly namespace: string } }

export interface ConsoleOperations {
  /** What the gateway routes where, and how its targets are */
  readonly listRoutes: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly model: string
        readonly policy: string
        readonly targets: readonly {
          readonly id: string
          readonly provider: string
          readonly weight: number
          readonly isHealthy?: boolean | undefined
          readonly inFlight?: number | undefined
        }[]
      }[]
    }
  }
  /** Models and hardware that are known */
  readonly simCatalogue: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly models: readonly string[]
      readonly hardware: readonly {
        readonly id: string
        readonly name: string
        readonly vendor: string
        readonly memoryBytes: number
        readonly memoryBandwidthBytesPerSecond: number
      }[]
    }
  }
  /** What one plan would do under other loads; null where it cannot take them */
  readonly predict: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly plan: ConsolePlan
      readonly workloads: readonly {
        readonly inputTokens: number
        readonly outputTokens: number
        readonly sharedPrefixTokens?: number | undefined
        readonly concurrency?: number | undefined
        readonly requestsPerSecond?: number | undefined
      }[]
    }
    readonly answer: {
      readonly data: readonly ({
        readonly timeToFirstTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
        readonly timePerOutputTokenMs: { readonly low: number; readonly mid: number; readonly high: number }
        readonly outputTokensPerSecond: { readonly low: number; readonly mid: number; readonly high: number }
        readonly basis: 'measured' | 'fitted' | 'analytical'
      } | null)[]
    }
  }
  /** Clusters with their machines */
  readonly listClusters: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string
        readonly isDemo: boolean
        readonly server: string
        readonly version: string
        readonly platform: string
        readonly nodes: readonly ConsoleNodes[]
        readonly findings: readonly { readonly severity: string; readonly message: string }[]
      }[]
    }
  }
  /** What the scaler would do under a load */
  readonly previewScaling: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly minReplicas: number
      readonly maxReplicas: number
      readonly targetPerReplica: number
      readonly peakRequests: number
      readonly shape: 'steady' | 'spike' | 'day'
      readonly startSeconds?: number | undefined
      readonly usdPerReplicaHour?: number | undefined
      readonly usdPerHourMax?: number | undefined
    }
    readonly answer: {
      readonly stepSeconds: number
      readonly points: readonly {
        readonly seconds: number
        readonly requests: number
        readonly replicas: number
        readonly readyReplicas: number
        readonly waiting: number
        readonly reasons: readonly string[]
      }[]
      readonly replicaHours: number
      readonly usd?: number | undefined
      readonly servedShare: number
    }
  }
  /** One cluster */
  readonly getCluster: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly isDemo: boolean
      readonly server: string
      readonly version: string
      readonly platform: string
      readonly nodes: readonly ConsoleNodes[]
      readonly findings: readonly { readonly severity: string; readonly message: string }[]
    }
  }
  /** What applying a plan would change; changes nothing */
  readonly planChanges: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: { readonly plan: ConsolePlan }
    readonly answer: {
      readonly id: string
      readonly deployment: { readonly name: string; readonly namespace: string }
      readonly changes: readonly {
        readonly action: 'create' | 'update' | 'delete'
        readonly resource: string
        readonly fields: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[]
      }[]
      readonly diff: string
      readonly costUsdPerHour?: number | undefined
      readonly costUsdPerMonth?: number | undefined
      readonly findings: readonly {
        readonly severity: 'info' | 'warning' | 'blocker'
        readonly message: string
        readonly field?: string | undefined
      }[]
    }
  }
  /** What is deployed */
  readonly listDeployments: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly deployment: { readonly name: string; readonly namespace: string }
        readonly status: 'absent' | 'progressing' | 'ready' | 'deleting'
        readonly replicas: number
        readonly readyReplicas: number
        readonly pods: readonly {
          readonly name: string
          readonly nodeName?: string | undefined
          readonly phase: string
          readonly ready: boolean
          readonly restarts: number
          readonly reason?: string | undefined
        }[]
        readonly problem?: string | undefined
        readonly plan?: ConsolePlan | undefined
        readonly costUsdPerHour?: number | undefined
      }[]
    }
  }
  /** What the workers of a deployment wrote */
  readonly readLogs: {
    readonly params: { readonly id: string; readonly namespace: string; readonly name: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly { readonly timeUnixMs: number; readonly replica: number; readonly text: string }[] }
  }
  /** What a removal could not delete */
  readonly listLeftovers: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly { readonly kind: string; readonly name: string; readonly namespace?: string | undefined }[] }
  }
  /** What benchmarks measured, newest first */
  readonly listBenchmarks: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly ConsoleListBenchmarksAnswerItem[] }
  }
  /** Work on the cluster, newest first */
  readonly listOperations: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly ConsoleListOperationsAnswerItem[] }
  }
  /** Applies changes that were shown, removes a deployment, or measures one */
  readonly startOperation: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: ConsoleStartOperationBody
    readonly answer: ConsoleListOperationsAnswerItem
  }
  /** One operation */
  readonly getOperation: {
    readonly params: { readonly id: string; readonly operation: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: ConsoleListOperationsAnswerItem
  }
  /** Stops an operation */
  readonly cancelOperation: {
    readonly params: { readonly id: string; readonly operation: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: ConsoleListOperationsAnswerItem
  }
  /** Takes an operation up again */
  readonly resumeOperation: {
    readonly params: { readonly id: string; readonly operation: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: ConsoleListOperationsAnswerItem
  }
}

/** Method and path of each operation. */

export const consoleOperations = {
  listRoutes: 'GET /api/routes',
  simCatalogue: 'GET /api/sim/catalogue',
  predict: 'POST /api/sim/predict',
  listClusters: 'GET /api/clusters',
  previewScaling: 'POST /api/clusters/scale-preview',
  getCluster: 'GET /api/clusters/{id}',
  planChanges: 'POST /api/clusters/{id}/changes',
  listDeployments: 'GET /api/clusters/{id}/deployments',
  readLogs: 'GET /api/clusters/{id}/deployments/{namespace}/{name}/logs',
  listLeftovers: 'GET /api/clusters/{id}/leftovers',
  listBenchmarks: 'GET /api/clusters/{id}/benchmarks',
  listOperations: 'GET /api/clusters/{id}/operations',
  startOperation: 'POST /api/clusters/{id}/operations',
  getOperation: 'GET /api/clusters/{id}/operations/{operation}',
  cancelOperation: 'POST /api/clusters/{id}/operations/{operation}/cancel',
  resumeOperation: 'POST /api/clusters/{id}/operations/{operation}/resume',
} as const
