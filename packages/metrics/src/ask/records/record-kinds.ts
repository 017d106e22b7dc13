/** What can be asked about everything that is not a request: devices, nodes, pods, engines, what was blocked and guarded, scores, audited operations, budgets and metrics that others measured. */

export interface RecordMeasure {
  readonly definition: string
  readonly unit: string
  readonly sql: string
  /** What a bucket without records says; absent: null. */
  readonly empty?: 0
}

export interface RecordKind {
  /** A table, or a query in parentheses; it has the columns `time` and, with projects, `project_id`. */
  readonly table: string
  /** Rows belong to projects; those of the others are for operators alone. */
  readonly hasProject: boolean
  /** Name to column: what groups and filters. */
  readonly dimensions: Readonly<Record<string, string>>
  /** Null: nothing was sampled. */
  readonly measures: Readonly<Record<string, RecordMeasure>>
}

const count = (definition: string): RecordMeasure => ({ definition, unit: 'count', sql: 'count()', empty: 0 })
const mean = (column: string, unit: string, definition: string): RecordMeasure => ({
  definition,
  unit,
  sql: `avg(toFloat64(${column}))`,
})
const largest = (column: string, unit: string, definition: string): RecordMeasure => ({
  definition,
  unit,
  sql: `max(toFloat64(${column}))`,
})
/** Over the sums, so that large ones weigh more. */
const share = (part: string, whole: string, definition: string): RecordMeasure => ({
  definition,
  unit: 'share',
  sql: `if(sumIf(${whole}, ${part} IS NOT NULL) > 0, sumIf(${part}, ${whole} IS NOT NULL) / sumIf(${whole}, ${part} IS NOT NULL), NULL)`,
})
const distinct = (columns: string, definition: string): RecordMeasure => ({
  definition,
  unit: 'count',
  sql: `uniqExact(${columns})`,
  empty: 0,
})

const devices: RecordKind = {
  table: 'device_samples',
  hasProject: false,
  dimensions: {
    clusterName: 'cluster_name',
    nodeName: 'node_name',
    deviceId: 'device_id',
    hardwareId: 'hardware_id',
    namespace: 'namespace',
    podName: 'pod_name',
    source: 'source',
  },
  measures: {
    samples: count('Samples taken.'),
    devices: distinct('cluster_name, node_name, device_id', 'Different devices that were sampled.'),
    utilisationMean: mean('utilisation', 'share', 'Mean share of time in which the device computed.'),
    utilisationMax: largest('utilisation', 'share', 'Highest share of time in which the device computed.'),
    memoryUtilisationMean: mean('memory_utilisation', 'share', 'Mean share of time in which memory was read or written.'),
    memoryUsedShare: share('memory_used_bytes', 'memory_total_bytes', 'Memory in use as a share of all.'),
    memoryUsedBytesMax: largest('memory_used_bytes', 'bytes', 'Most memory in use.'),
    coreAllocatedShareMean: mean(
      'core_allocated_share',
      'share',
      'Mean share of the cores that was handed out, of devices that are shared.',
    ),
    powerWattsMean: mean('power_watts', 'watts', 'Mean power of one device.'),
    powerWattsMax: largest('power_watts', 'watts', 'Highest power of one device.'),
    temperatureCelsiusMax: largest('temperature_celsius', 'celsius', 'Highest temperature.'),
  },
}

const nodes: RecordKind = {
  table: 'node_samples',
  hasProject: false,
  dimensions: { clusterName: 'cluster_name', nodeName: 'node_name' },
  measures: {
    samples: count('Samples taken.'),
    nodes: distinct('cluster_name, node_name', 'Different nodes that were sampled.'),
    cpuUtilisationMean: mean('cpu_utilisation', 'share', 'Mean share of the cores in use.'),
    cpuUtilisationMax: largest('cpu_utilisation', 'share', 'Highest share of the cores in use.'),
    memoryUsedShare: share('memory_used_bytes', 'memory_total_bytes', 'Memory in use as a share of all.'),
    diskUsedShare: share('disk_used_bytes', 'disk_total_bytes', 'Disk in use as a share of all.'),
    load1Mean: mean('load_1', 'count', 'Mean load of one minute.'),
    networkReceiveBytesPerSecondMean: mean('network_receive_bytes_per_second', 'bytes per second', 'Mean rate received by a node.'),
    networkTransmitBytesPerSecondMean: mean('network_transmit_bytes_per_second', 'bytes per second', 'Mean rate sent by a node.'),
  },
}

const pods: RecordKind = {
  table: 'pod_samples',
  hasProject: false,
  dimensions: {
    clusterName: 'cluster_name',
    namespace: 'namespace',
    podName: 'pod_name',
    containerName: 'container_name',
    nodeName: 'node_name',
    deploymentName: 'deployment_name',
    phase: 'phase',
  },
  measures: {
    samples: count('Samples taken.'),
    pods: distinct('cluster_name, namespace, pod_name', 'Different pods that were sampled.'),
    cpuUsedCoresMean: mean('cpu_used_cores', 'cores', 'Mean cores in use by one container.'),
    cpuUsedShareOfRequested: share('cpu_used_cores', 'cpu_requested_cores', 'Cores in use as a share of those requested.'),
    memoryUsedBytesMax: largest('memory_used_bytes', 'bytes', 'Most memory in use by one container.'),
    memoryUsedShareOfLimit: share('memory_used_bytes', 'memory_limit_bytes', 'Memory in use as a share of the limit.'),
    restartsMax: largest('restarts', 'count', 'Most restarts of one container since it was made.'),
  },
}

const engines: RecordKind = {
  table: 'engine_samples',
  hasProject: false,
  dimensions: { clusterName: 'cluster_name', targetId: 'target_id', engine: 'engine', model: 'model', nodeName: 'node_name' },
  measures: {
    samples: count('Samples taken.'),
    runningRequestsMean: mean('running_requests', 'requests', 'Mean requests that an engine worked on.'),
    waitingRequestsMean: mean('waiting_requests', 'requests', 'Mean requests that waited in an engine.'),
    waitingRequestsMax: largest('waiting_requests', 'requests', 'Most requests that waited in an engine.'),
    kvCacheUtilisationMean: mean('kv_cache_utilisation', 'share', 'Mean share of the KV cache in use.'),
    kvCacheUtilisationMax: largest('kv_cache_utilisation', 'share', 'Highest share of the KV cache in use.'),
  },
}

/** What rules reported, and the requests that the gateway says a rule turned away, each once. */
const blocked: RecordKind = {
  table: `(SELECT time, project_id, rule_id, rule_name, rule_kind, action, reason, key_id, user_id, requested_model, client_ip, country_code,
  user_agent, method, route FROM blocked_requests
UNION ALL SELECT time, project_id, block_rule_id, '', '', 'block', error_code, key_id, user_id, requested_model, client_ip, country_code,
  user_agent, method, route FROM requests WHERE block_rule_id != '' AND id NOT IN (SELECT request_id FROM blocked_requests))`,
  hasProject: true,
  dimensions: {
    projectId: 'project_id',
    ruleId: 'rule_id',
    ruleName: 'rule_name',
    ruleKind: 'rule_kind',
    action: 'action',
    reason: 'reason',
    keyId: 'key_id',
    userId: 'user_id',
    requestedModel: 'requested_model',
    clientIp: 'client_ip',
    countryCode: 'country_code',
    userAgent: 'user_agent',
    method: 'method',
    route: 'route',
  },
  measures: {
    blocked: count('Requests that a rule stopped or marked.'),
    clients: distinct('client_ip', 'Different addresses that they came from.'),
    users: distinct("nullIf(user_id, '')", 'Different users that sent them.'),
    rules: distinct('rule_id', 'Different rules that acted.'),
  },
}

const scores: RecordKind = {
  table: 'scores',
  hasProject: true,
  dimensions: { projectId: 'project_id', name: 'name', source: 'source', model: 'model', label: 'label', userId: 'user_id' },
  measures: {
    scores: count('Scores given by people and evaluations.'),
    valueMean: mean('value', 'score', 'Mean of the scores that are numbers.'),
    valueMin: { definition: 'Lowest score.', unit: 'score', sql: 'min(value)' },
    valueMax: largest('value', 'score', 'Highest score.'),
    requests: distinct('request_id', 'Different requests that were scored.'),
  },
}

const audit: RecordKind = {
  table: 'audit_events',
  hasProject: false,
  dimensions: {
    action: 'action',
    actorId: 'actor_id',
    actorName: 'actor_name',
    clientIp: 'client_ip',
    subjectKind: 'subject_kind',
    subjectId: 'subject_id',
    outcome: 'outcome',
    errorCode: 'error_code',
  },
  measures: {
    operations: count('Administrative operations.'),
    refused: { definition: 'Operations that were refused or failed.', unit: 'count', sql: "countIf(outcome != 'success')", empty: 0 },
    actors: distinct('actor_id', 'Different actors.'),
  },
}

const budgetAlerts: RecordKind = {
  table: 'budget_alerts',
  hasProject: true,
  dimensions: { projectId: 'project_id', budgetId: 'budget_id', budgetName: 'budget_name' },
  measures: {
    alerts: count('Thresholds of budgets that were passed.'),
    budgets: distinct('budget_id', 'Different budgets of which a threshold was passed.'),
    percentMax: largest('percent', 'percent', 'Highest threshold that was passed.'),
    spentUsdMax: largest('spent_usd', 'usd', 'Most that was spent when a threshold was passed.'),
  },
}

/** One record per guardrail that found something in a request. */
const guardrails: RecordKind = {
  table: `(SELECT time, project_id, key_id, user_id, id, if(model = '', requested_model, model) AS model, provider_id, outcome,
  substring(hit, 1, length(hit) - position(reverse(hit), ':')) AS guardrail, splitByChar(':', hit)[-1] AS action
FROM requests ARRAY JOIN guardrails AS hit)`,
  hasProject: true,
  dimensions: {
    projectId: 'project_id',
    guardrail: 'guardrail',
    action: 'action',
    keyId: 'key_id',
    userId: 'user_id',
    model: 'model',
    providerId: 'provider_id',
    outcome: 'outcome',
  },
  measures: {
    hits: count('Guardrails that found something, or whose judgement did not come; one request may have several.'),
    requests: distinct('id', 'Different requests in which one hit.'),
    users: distinct("nullIf(user_id, '')", 'Different users that sent them.'),
    keys: distinct("nullIf(key_id, '')", 'Different API keys that they came with.'),
  },
}

const label = (name: string) => `labels['${name}']`
/** Every value counts as the upper end of its bin; of the last bin, which has none, as the lower one. */
const bucketQuantile = (level: number): RecordMeasure => ({
  definition: `Upper end of the bin in which ${String(level * 100)} % of the values of histograms are reached; the error is the width of the bin.`,
  unit: 'value',
  sql: `if(sumIf(count, notEmpty(bounds)) = 0, NULL, quantileExactWeightedArrayIf(${String(level)})(arrayPushBack(bounds, if(empty(bounds), 0, bounds[-1])), if(empty(bounds), [toUInt64(0)], bucket_counts), notEmpty(bounds)))`,
})

/** What came over OTLP: samples add up, because all are of their own stretch of time. */
const metrics: RecordKind = {
  table: 'metric_samples',
  hasProject: true,
  dimensions: {
    projectId: 'project_id',
    name: 'name',
    source: 'source',
    unit: 'unit',
    kind: 'toString(kind)',
    ...Object.fromEntries(
      [
        'model',
        'requestedModel',
        'provider',
        'operation',
        'tokenType',
        'errorType',
        'serviceTier',
        'server',
        'service',
        'side',
        'metric',
      ].map((name) => [name, label(name)]),
    ),
  },
  measures: {
    samples: count('Samples received.'),
    valueSum: {
      definition: 'What counters counted and the sum of what histograms measured; group by `name`, which tells the unit.',
      unit: 'value',
      sql: "sumIf(value, kind != 'gauge')",
      empty: 0,
    },
    observations: { definition: 'Values that histograms measured.', unit: 'count', sql: 'sum(count)', empty: 0 },
    valueMean: {
      definition: 'Mean of the values that histograms measured.',
      unit: 'value',
      sql: "if(sum(count) = 0, NULL, sumIf(value, kind = 'histogram') / sum(count))",
    },
    valueP50: bucketQuantile(0.5),
    valueP95: bucketQuantile(0.95),
    valueP99: bucketQuantile(0.99),
    gaugeMean: {
      definition: 'Mean of what gauges showed.',
      unit: 'value',
      sql: "if(countIf(kind = 'gauge') = 0, NULL, avgIf(value, kind = 'gauge'))",
    },
    gaugeMax: {
      definition: 'Most that a gauge showed.',
      unit: 'value',
      sql: "if(countIf(kind = 'gauge') = 0, NULL, maxIf(value, kind = 'gauge'))",
    },
  },
}

export const recordKinds = Object.freeze({ devices, nodes, pods, engines, blocked, guardrails, scores, audit, budgetAlerts, metrics })

export type RecordKindName = keyof typeof recordKinds

// Safe: the table above is frozen and its keys are the names.
export const recordKindNames = Object.keys(recordKinds) as readonly RecordKindName[]
