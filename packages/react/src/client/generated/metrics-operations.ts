/** Made from the server's OpenAPI document by the tests of the reference server (client-types.test.ts); not edited by hand. */

export type MetricsMeasure =
  | 'requests'
  | 'requestsPerSecond'
  | 'successes'
  | 'errors'
  | 'partials'
  | 'rejected'
  | 'blocked'
  | 'aborted'
  | 'clientErrors'
  | 'serverErrors'
  | 'successShare'
  | 'errorShare'
  | 'rejectedShare'
  | 'guardrailRequests'
  | 'guardrailShare'
  | 'attempts'
  | 'attemptsPerRequest'
  | 'inputTokens'
  | 'cachedInputTokens'
  | 'cacheWriteInputTokens'
  | 'outputTokens'
  | 'reasoningTokens'
  | 'inputTokensPerSecond'
  | 'outputTokensPerSecond'
  | 'inputTokensMean'
  | 'outputTokensMean'
  | 'cachedInputShare'
  | 'durationMsP50'
  | 'durationMsP90'
  | 'durationMsP95'
  | 'durationMsP99'
  | 'durationMsMean'
  | 'durationMsMax'
  | 'timeToFirstTokenMsP50'
  | 'timeToFirstTokenMsP90'
  | 'timeToFirstTokenMsP95'
  | 'timeToFirstTokenMsP99'
  | 'timeToFirstTokenMsMean'
  | 'timeToFirstTokenCount'
  | 'timePerOutputTokenMsP50'
  | 'timePerOutputTokenMsP90'
  | 'timePerOutputTokenMsP95'
  | 'timePerOutputTokenMsP99'
  | 'timePerOutputTokenMsMean'
  | 'timePerOutputTokenCount'
  | 'interTokenMsP50'
  | 'interTokenMsP90'
  | 'interTokenMsP95'
  | 'interTokenMsP99'
  | 'tokenSpeedP50'
  | 'tokenSpeedP10'
  | 'overheadMsP50'
  | 'overheadMsP99'
  | 'overheadMsMean'
  | 'queueMsP50'
  | 'queueMsP95'
  | 'queueMsP99'
  | 'queueMsMean'
  | 'costUsd'
  | 'pricedRequests'
  | 'pricedShare'
  | 'costUsdMean'
  | 'costUsdPerMillionTokens'
  | 'cacheHits'
  | 'cacheLookups'
  | 'cacheHitShare'
  | 'cacheSavedUsd'
  | 'providerCostUsd'
  | 'uniqueUsers'
  | 'uniqueKeys'
  | 'goodRequests'
  | 'goodputPerSecond'
  | 'goodShare'
  | 'inFlightMean'
  | 'inFlightPeak'

export type MetricsErrorClass =
  '' | 'aborted' | 'broken-stream' | 'blocked' | 'guardrail' | 'budget' | 'rate-limit' | 'permission' | 'timeout' | 'bad-request' | 'server'

export type MetricsFilters = {
  readonly projectId?: string | readonly string[] | undefined
  readonly keyId?: string | readonly string[] | undefined
  readonly userId?: string | readonly string[] | undefined
  readonly operation?:
    | 'chat'
    | 'completion'
    | 'embedding'
    | 'count-tokens'
    | 'models'
    | readonly ('chat' | 'completion' | 'embedding' | 'count-tokens' | 'models')[]
    | undefined
  readonly dialect?: string | readonly string[] | undefined
  readonly stream?: 'true' | 'false' | readonly ('true' | 'false')[] | undefined
  readonly requestedModel?: string | readonly string[] | undefined
  readonly model?: string | readonly string[] | undefined
  readonly targetId?: string | readonly string[] | undefined
  readonly providerId?: string | readonly string[] | undefined
  readonly status?: string | readonly string[] | undefined
  readonly outcome?:
    | 'success'
    | 'error'
    | 'rejected'
    | 'aborted'
    | 'partial'
    | readonly ('success' | 'error' | 'rejected' | 'aborted' | 'partial')[]
    | undefined
  readonly errorClass?: MetricsErrorClass | readonly MetricsErrorClass[] | undefined
  readonly errorCode?: string | readonly string[] | undefined
  readonly finishReason?: string | readonly string[] | undefined
  readonly cache?: 'none' | 'hit' | 'miss' | readonly ('none' | 'hit' | 'miss')[] | undefined
  readonly usageSource?: 'upstream' | 'estimate' | 'none' | readonly ('upstream' | 'estimate' | 'none')[] | undefined
  readonly clientIp?: string | readonly string[] | undefined
  readonly userAgent?: string | readonly string[] | undefined
  readonly sessionId?: string | readonly string[] | undefined
  readonly promptId?: string | readonly string[] | undefined
  readonly promptVersion?: string | readonly string[] | undefined
  readonly method?: string | readonly string[] | undefined
  readonly route?: string | readonly string[] | undefined
  readonly countryCode?: string | readonly string[] | undefined
  readonly region?: string | readonly string[] | undefined
  readonly city?: string | readonly string[] | undefined
  readonly deviceType?: string | readonly string[] | undefined
  readonly browser?: string | readonly string[] | undefined
  readonly os?: string | readonly string[] | undefined
  readonly blockRuleId?: string | readonly string[] | undefined
  readonly source?: string | readonly string[] | undefined
  readonly isBot?: 'true' | 'false' | readonly ('true' | 'false')[] | undefined
  readonly guardrail?: string | readonly string[] | undefined
}

export type MetricsGroupBy =
  | 'projectId'
  | 'keyId'
  | 'userId'
  | 'operation'
  | 'dialect'
  | 'stream'
  | 'requestedModel'
  | 'model'
  | 'targetId'
  | 'providerId'
  | 'status'
  | 'outcome'
  | 'errorClass'
  | 'errorCode'
  | 'finishReason'
  | 'cache'
  | 'usageSource'
  | 'clientIp'
  | 'userAgent'
  | 'sessionId'
  | 'promptId'
  | 'promptVersion'
  | 'method'
  | 'route'
  | 'countryCode'
  | 'region'
  | 'city'
  | 'deviceType'
  | 'browser'
  | 'os'
  | 'blockRuleId'
  | 'source'
  | 'isBot'
  | 'guardrail'

export type MetricsOrderBy =
  | 'requests'
  | 'requestsPerSecond'
  | 'successes'
  | 'errors'
  | 'partials'
  | 'rejected'
  | 'blocked'
  | 'aborted'
  | 'clientErrors'
  | 'serverErrors'
  | 'guardrailRequests'
  | 'attempts'
  | 'inputTokens'
  | 'cachedInputTokens'
  | 'cacheWriteInputTokens'
  | 'outputTokens'
  | 'reasoningTokens'
  | 'inputTokensPerSecond'
  | 'outputTokensPerSecond'
  | 'durationMsMax'
  | 'timeToFirstTokenCount'
  | 'timePerOutputTokenCount'
  | 'costUsd'
  | 'pricedRequests'
  | 'cacheHits'
  | 'cacheLookups'
  | 'cacheSavedUsd'
  | 'providerCostUsd'
  | 'uniqueUsers'
  | 'uniqueKeys'

export type MetricsAskBody = {
  readonly measure: MetricsMeasure | readonly MetricsMeasure[]
  readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
  readonly filters?: MetricsFilters | undefined
  readonly tags?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  readonly ranges?:
    | {
        readonly durationMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly timeToFirstTokenMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly inputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly outputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly costUsd?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly status?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
      }
    | undefined
  readonly search?: string | undefined
  readonly groupBy?: readonly MetricsGroupBy[] | undefined
  readonly interval?: string | undefined
  readonly timeZone?: string | undefined
  readonly limit?: number | undefined
  readonly orderBy?: MetricsOrderBy | undefined
  readonly other?: boolean | undefined
  readonly compare?: 'previous' | undefined
  readonly slo?:
    | {
        readonly durationMs?: number | undefined
        readonly timeToFirstTokenMs?: number | undefined
        readonly timePerOutputTokenMs?: number | undefined
      }
    | undefined
  readonly from?: 'auto' | 'raw' | 'rollup' | undefined
}

export type MetricsDistributionBody = {
  readonly of:
    | 'durationMs'
    | 'timeToFirstTokenMs'
    | 'timePerOutputTokenMs'
    | 'queueMs'
    | 'interTokenP50Ms'
    | 'inputTokens'
    | 'outputTokens'
    | 'costUsd'
  readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
  readonly filters?: MetricsFilters | undefined
  readonly tags?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  readonly ranges?:
    | {
        readonly durationMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly timeToFirstTokenMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly inputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly outputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly costUsd?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly status?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
      }
    | undefined
  readonly search?: string | undefined
  readonly groupBy?: readonly MetricsGroupBy[] | undefined
  readonly interval?: string | undefined
  readonly timeZone?: string | undefined
  readonly limit?: number | undefined
  readonly orderBy?: MetricsOrderBy | undefined
  readonly bounds?: readonly number[] | undefined
}

export type MetricsMeasure2 =
  | 'samples'
  | 'devices'
  | 'utilisationMean'
  | 'utilisationMax'
  | 'memoryUtilisationMean'
  | 'memoryUsedShare'
  | 'memoryUsedBytesMax'
  | 'coreAllocatedShareMean'
  | 'powerWattsMean'
  | 'powerWattsMax'
  | 'temperatureCelsiusMax'

export type MetricsMeasure3 =
  | 'samples'
  | 'nodes'
  | 'cpuUtilisationMean'
  | 'cpuUtilisationMax'
  | 'memoryUsedShare'
  | 'diskUsedShare'
  | 'load1Mean'
  | 'networkReceiveBytesPerSecondMean'
  | 'networkTransmitBytesPerSecondMean'

export type MetricsGroupBy2 =
  | 'projectId'
  | 'ruleId'
  | 'ruleName'
  | 'ruleKind'
  | 'action'
  | 'reason'
  | 'keyId'
  | 'userId'
  | 'requestedModel'
  | 'clientIp'
  | 'countryCode'
  | 'userAgent'
  | 'method'
  | 'route'

export type MetricsFilters2 = {
  readonly projectId?: string | readonly string[] | undefined
  readonly ruleId?: string | readonly string[] | undefined
  readonly ruleName?: string | readonly string[] | undefined
  readonly ruleKind?: string | readonly string[] | undefined
  readonly action?: string | readonly string[] | undefined
  readonly reason?: string | readonly string[] | undefined
  readonly keyId?: string | readonly string[] | undefined
  readonly userId?: string | readonly string[] | undefined
  readonly requestedModel?: string | readonly string[] | undefined
  readonly clientIp?: string | readonly string[] | undefined
  readonly countryCode?: string | readonly string[] | undefined
  readonly userAgent?: string | readonly string[] | undefined
  readonly method?: string | readonly string[] | undefined
  readonly route?: string | readonly string[] | undefined
}

export type MetricsMeasure4 =
  'samples' | 'valueSum' | 'observations' | 'valueMean' | 'valueP50' | 'valueP95' | 'valueP99' | 'gaugeMean' | 'gaugeMax'

export type MetricsGroupBy3 =
  | 'projectId'
  | 'name'
  | 'source'
  | 'unit'
  | 'kind'
  | 'model'
  | 'requestedModel'
  | 'provider'
  | 'operation'
  | 'tokenType'
  | 'errorType'
  | 'serviceTier'
  | 'server'
  | 'service'
  | 'side'
  | 'metric'

export type MetricsFilters3 = {
  readonly projectId?: string | readonly string[] | undefined
  readonly name?: string | readonly string[] | undefined
  readonly source?: string | readonly string[] | undefined
  readonly unit?: string | readonly string[] | undefined
  readonly kind?: string | readonly string[] | undefined
  readonly model?: string | readonly string[] | undefined
  readonly requestedModel?: string | readonly string[] | undefined
  readonly provider?: string | readonly string[] | undefined
  readonly operation?: string | readonly string[] | undefined
  readonly tokenType?: string | readonly string[] | undefined
  readonly errorType?: string | readonly string[] | undefined
  readonly serviceTier?: string | readonly string[] | undefined
  readonly server?: string | readonly string[] | undefined
  readonly service?: string | readonly string[] | undefined
  readonly side?: string | readonly string[] | undefined
  readonly metric?: string | readonly string[] | undefined
}

export type MetricsRecordsBody =
  | {
      readonly of: 'devices'
      readonly measure: readonly MetricsMeasure2[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?:
        readonly ('clusterName' | 'nodeName' | 'deviceId' | 'hardwareId' | 'namespace' | 'podName' | 'source')[] | undefined
      readonly filters?:
        | {
            readonly clusterName?: string | readonly string[] | undefined
            readonly nodeName?: string | readonly string[] | undefined
            readonly deviceId?: string | readonly string[] | undefined
            readonly hardwareId?: string | readonly string[] | undefined
            readonly namespace?: string | readonly string[] | undefined
            readonly podName?: string | readonly string[] | undefined
            readonly source?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'nodes'
      readonly measure: readonly MetricsMeasure3[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly ('clusterName' | 'nodeName')[] | undefined
      readonly filters?:
        | { readonly clusterName?: string | readonly string[] | undefined; readonly nodeName?: string | readonly string[] | undefined }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'pods'
      readonly measure: readonly (
        | 'samples'
        | 'pods'
        | 'cpuUsedCoresMean'
        | 'cpuUsedShareOfRequested'
        | 'memoryUsedBytesMax'
        | 'memoryUsedShareOfLimit'
        | 'restartsMax'
      )[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?:
        readonly ('clusterName' | 'namespace' | 'podName' | 'containerName' | 'nodeName' | 'deploymentName' | 'phase')[] | undefined
      readonly filters?:
        | {
            readonly clusterName?: string | readonly string[] | undefined
            readonly namespace?: string | readonly string[] | undefined
            readonly podName?: string | readonly string[] | undefined
            readonly containerName?: string | readonly string[] | undefined
            readonly nodeName?: string | readonly string[] | undefined
            readonly deploymentName?: string | readonly string[] | undefined
            readonly phase?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'engines'
      readonly measure: readonly (
        | 'samples'
        | 'runningRequestsMean'
        | 'waitingRequestsMean'
        | 'waitingRequestsMax'
        | 'kvCacheUtilisationMean'
        | 'kvCacheUtilisationMax'
      )[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly ('clusterName' | 'targetId' | 'engine' | 'model' | 'nodeName')[] | undefined
      readonly filters?:
        | {
            readonly clusterName?: string | readonly string[] | undefined
            readonly targetId?: string | readonly string[] | undefined
            readonly engine?: string | readonly string[] | undefined
            readonly model?: string | readonly string[] | undefined
            readonly nodeName?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'blocked'
      readonly measure: readonly ('blocked' | 'clients' | 'users' | 'rules')[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly MetricsGroupBy2[] | undefined
      readonly filters?: MetricsFilters2 | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'guardrails'
      readonly measure: readonly ('hits' | 'requests' | 'users' | 'keys')[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?:
        readonly ('projectId' | 'guardrail' | 'action' | 'keyId' | 'userId' | 'model' | 'providerId' | 'outcome')[] | undefined
      readonly filters?:
        | {
            readonly projectId?: string | readonly string[] | undefined
            readonly guardrail?: string | readonly string[] | undefined
            readonly action?: string | readonly string[] | undefined
            readonly keyId?: string | readonly string[] | undefined
            readonly userId?: string | readonly string[] | undefined
            readonly model?: string | readonly string[] | undefined
            readonly providerId?: string | readonly string[] | undefined
            readonly outcome?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'scores'
      readonly measure: readonly ('scores' | 'valueMean' | 'valueMin' | 'valueMax' | 'requests')[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly ('projectId' | 'name' | 'source' | 'model' | 'label' | 'userId')[] | undefined
      readonly filters?:
        | {
            readonly projectId?: string | readonly string[] | undefined
            readonly name?: string | readonly string[] | undefined
            readonly source?: string | readonly string[] | undefined
            readonly model?: string | readonly string[] | undefined
            readonly label?: string | readonly string[] | undefined
            readonly userId?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'audit'
      readonly measure: readonly ('operations' | 'refused' | 'actors')[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?:
        readonly ('action' | 'actorId' | 'actorName' | 'clientIp' | 'subjectKind' | 'subjectId' | 'outcome' | 'errorCode')[] | undefined
      readonly filters?:
        | {
            readonly action?: string | readonly string[] | undefined
            readonly actorId?: string | readonly string[] | undefined
            readonly actorName?: string | readonly string[] | undefined
            readonly clientIp?: string | readonly string[] | undefined
            readonly subjectKind?: string | readonly string[] | undefined
            readonly subjectId?: string | readonly string[] | undefined
            readonly outcome?: string | readonly string[] | undefined
            readonly errorCode?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'budgetAlerts'
      readonly measure: readonly ('alerts' | 'budgets' | 'percentMax' | 'spentUsdMax')[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly ('projectId' | 'budgetId' | 'budgetName')[] | undefined
      readonly filters?:
        | {
            readonly projectId?: string | readonly string[] | undefined
            readonly budgetId?: string | readonly string[] | undefined
            readonly budgetName?: string | readonly string[] | undefined
          }
        | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }
  | {
      readonly of: 'metrics'
      readonly measure: readonly MetricsMeasure4[]
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly groupBy?: readonly MetricsGroupBy3[] | undefined
      readonly filters?: MetricsFilters3 | undefined
      readonly interval?: string | undefined
      readonly timeZone?: string | undefined
      readonly limit?: number | undefined
    }

export type MetricsForecastBody = {
  readonly measure: string
  readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
  readonly filters?: MetricsFilters | undefined
  readonly tags?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  readonly ranges?:
    | {
        readonly durationMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly timeToFirstTokenMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly inputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly outputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly costUsd?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly status?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
      }
    | undefined
  readonly search?: string | undefined
  readonly timeZone?: string | undefined
  readonly slo?:
    | {
        readonly durationMs?: number | undefined
        readonly timeToFirstTokenMs?: number | undefined
        readonly timePerOutputTokenMs?: number | undefined
      }
    | undefined
  readonly interval: string
  readonly season?: number | undefined
  readonly horizon?: number | undefined
  readonly level?: number | undefined
}

export type MetricsAnomaliesBody = {
  readonly measure: string
  readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
  readonly filters?: MetricsFilters | undefined
  readonly tags?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  readonly ranges?:
    | {
        readonly durationMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly timeToFirstTokenMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly inputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly outputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly costUsd?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
        readonly status?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
      }
    | undefined
  readonly search?: string | undefined
  readonly timeZone?: string | undefined
  readonly slo?:
    | {
        readonly durationMs?: number | undefined
        readonly timeToFirstTokenMs?: number | undefined
        readonly timePerOutputTokenMs?: number | undefined
      }
    | undefined
  readonly interval: string
  readonly season?: number | undefined
  readonly level?: number | undefined
}

export interface MetricsOperations {
  /** Requests, newest first, in pages; every dimension filters by its name, and may repeat */
  readonly requests: {
    readonly params: undefined
    readonly query: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly fields?: string | undefined
      readonly limit?: string | undefined
      readonly cursor?: string | undefined
      readonly search?: string | undefined
      readonly projectId?: readonly string[] | undefined
      readonly keyId?: readonly string[] | undefined
      readonly userId?: readonly string[] | undefined
      readonly operation?: readonly string[] | undefined
      readonly dialect?: readonly string[] | undefined
      readonly stream?: readonly string[] | undefined
      readonly requestedModel?: readonly string[] | undefined
      readonly model?: readonly string[] | undefined
      readonly targetId?: readonly string[] | undefined
      readonly providerId?: readonly string[] | undefined
      readonly status?: readonly string[] | undefined
      readonly outcome?: readonly string[] | undefined
      readonly errorClass?: readonly string[] | undefined
      readonly errorCode?: readonly string[] | undefined
      readonly finishReason?: readonly string[] | undefined
      readonly cache?: readonly string[] | undefined
      readonly usageSource?: readonly string[] | undefined
      readonly clientIp?: readonly string[] | undefined
      readonly userAgent?: readonly string[] | undefined
      readonly sessionId?: readonly string[] | undefined
      readonly promptId?: readonly string[] | undefined
      readonly promptVersion?: readonly string[] | undefined
      readonly method?: readonly string[] | undefined
      readonly route?: readonly string[] | undefined
      readonly countryCode?: readonly string[] | undefined
      readonly region?: readonly string[] | undefined
      readonly city?: readonly string[] | undefined
      readonly deviceType?: readonly string[] | undefined
      readonly browser?: readonly string[] | undefined
      readonly os?: readonly string[] | undefined
      readonly blockRuleId?: readonly string[] | undefined
      readonly source?: readonly string[] | undefined
      readonly isBot?: readonly string[] | undefined
      readonly guardrail?: readonly string[] | undefined
    }
    readonly body: undefined
    readonly answer: unknown
  }
  /** One request with its attempts */
  readonly requestsId: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** What was asked and answered, where it was captured */
  readonly requestsIdPayload: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** The requests of one trace, oldest first */
  readonly tracesTraceId: {
    readonly params: { readonly traceId: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** The spans of one trace that came over OTLP, oldest first */
  readonly tracesTraceIdSpans: {
    readonly params: { readonly traceId: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Measures over time, and over the whole window */
  readonly series: {
    readonly params: undefined
    readonly query: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly windowSeconds?: string | undefined
      readonly intervalSeconds?: string | undefined
      readonly measures?: string | undefined
      readonly projectId?: readonly string[] | undefined
      readonly keyId?: readonly string[] | undefined
      readonly userId?: readonly string[] | undefined
      readonly operation?: readonly string[] | undefined
      readonly dialect?: readonly string[] | undefined
      readonly stream?: readonly string[] | undefined
      readonly requestedModel?: readonly string[] | undefined
      readonly model?: readonly string[] | undefined
      readonly targetId?: readonly string[] | undefined
      readonly providerId?: readonly string[] | undefined
      readonly status?: readonly string[] | undefined
      readonly outcome?: readonly string[] | undefined
      readonly errorClass?: readonly string[] | undefined
      readonly errorCode?: readonly string[] | undefined
      readonly finishReason?: readonly string[] | undefined
      readonly cache?: readonly string[] | undefined
      readonly usageSource?: readonly string[] | undefined
      readonly clientIp?: readonly string[] | undefined
      readonly userAgent?: readonly string[] | undefined
      readonly sessionId?: readonly string[] | undefined
      readonly promptId?: readonly string[] | undefined
      readonly promptVersion?: readonly string[] | undefined
      readonly method?: readonly string[] | undefined
      readonly route?: readonly string[] | undefined
      readonly countryCode?: readonly string[] | undefined
      readonly region?: readonly string[] | undefined
      readonly city?: readonly string[] | undefined
      readonly deviceType?: readonly string[] | undefined
      readonly browser?: readonly string[] | undefined
      readonly os?: readonly string[] | undefined
      readonly blockRuleId?: readonly string[] | undefined
      readonly source?: readonly string[] | undefined
      readonly isBot?: readonly string[] | undefined
      readonly guardrail?: readonly string[] | undefined
    }
    readonly body: undefined
    readonly answer: unknown
  }
  /** Every measure over a window, compared with the one before */
  readonly summary: {
    readonly params: undefined
    readonly query: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly windowSeconds?: string | undefined
      readonly limit?: string | undefined
      readonly groupBy?: string | undefined
      readonly projectId?: readonly string[] | undefined
      readonly keyId?: readonly string[] | undefined
      readonly userId?: readonly string[] | undefined
      readonly operation?: readonly string[] | undefined
      readonly dialect?: readonly string[] | undefined
      readonly stream?: readonly string[] | undefined
      readonly requestedModel?: readonly string[] | undefined
      readonly model?: readonly string[] | undefined
      readonly targetId?: readonly string[] | undefined
      readonly providerId?: readonly string[] | undefined
      readonly status?: readonly string[] | undefined
      readonly outcome?: readonly string[] | undefined
      readonly errorClass?: readonly string[] | undefined
      readonly errorCode?: readonly string[] | undefined
      readonly finishReason?: readonly string[] | undefined
      readonly cache?: readonly string[] | undefined
      readonly usageSource?: readonly string[] | undefined
      readonly clientIp?: readonly string[] | undefined
      readonly userAgent?: readonly string[] | undefined
      readonly sessionId?: readonly string[] | undefined
      readonly promptId?: readonly string[] | undefined
      readonly promptVersion?: readonly string[] | undefined
      readonly method?: readonly string[] | undefined
      readonly route?: readonly string[] | undefined
      readonly countryCode?: readonly string[] | undefined
      readonly region?: readonly string[] | undefined
      readonly city?: readonly string[] | undefined
      readonly deviceType?: readonly string[] | undefined
      readonly browser?: readonly string[] | undefined
      readonly os?: readonly string[] | undefined
      readonly blockRuleId?: readonly string[] | undefined
      readonly source?: readonly string[] | undefined
      readonly isBot?: readonly string[] | undefined
      readonly guardrail?: readonly string[] | undefined
    }
    readonly body: undefined
    readonly answer: unknown
  }
  /** What can be asked, with definitions */
  readonly measures: { readonly params: undefined; readonly query: undefined; readonly body: undefined; readonly answer: unknown }
  /** A question about requests */
  readonly ask: { readonly params: undefined; readonly query: undefined; readonly body: MetricsAskBody; readonly answer: unknown }
  /** Several questions; those about the same rows share a pass over them */
  readonly askMany: {
    readonly params: undefined
    readonly query: undefined
    readonly body: { readonly questions: readonly MetricsAskBody[] }
    readonly answer: unknown
  }
  /** How values spread over bins; with an interval, a heatmap */
  readonly distribution: {
    readonly params: undefined
    readonly query: undefined
    readonly body: MetricsDistributionBody
    readonly answer: unknown
  }
  /** Samples of devices, nodes, pods and engines, blocked requests, and scores */
  readonly records: { readonly params: undefined; readonly query: undefined; readonly body: MetricsRecordsBody; readonly answer: unknown }
  /** What a million tokens really cost, by target */
  readonly trueCost: {
    readonly params: undefined
    readonly query: undefined
    readonly body: { readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string } }
    readonly answer: unknown
  }
  /** A measure continued into the future, with the range it will probably be in */
  readonly forecast: { readonly params: undefined; readonly query: undefined; readonly body: MetricsForecastBody; readonly answer: unknown }
  /** Buckets of a series that its own past does not explain */
  readonly anomalies: {
    readonly params: undefined
    readonly query: undefined
    readonly body: MetricsAnomaliesBody
    readonly answer: unknown
  }
  /** Removes all that is stored of one user of a project; for operators, where the server allows it */
  readonly erase: {
    readonly params: undefined
    readonly query: undefined
    readonly body: { readonly projectId: string; readonly userId: string }
    readonly answer: unknown
  }
  /** What nodes cost from when on; for operators, where the server allows it */
  readonly nodePrices: {
    readonly params: undefined
    readonly query: undefined
    readonly body: readonly {
      readonly clusterName: string
      readonly nodeName: string
      readonly timeUnixMs: number
      readonly usdPerHour: number
      readonly devices: number
      readonly instanceType?: string | undefined
    }[]
    readonly answer: unknown
  }
  /** Which devices serve which target from when on; for operators, where the server allows it */
  readonly targetDevices: {
    readonly params: undefined
    readonly query: undefined
    readonly body: readonly {
      readonly targetId: string
      readonly timeUnixMs: number
      readonly clusterName: string
      readonly nodeName: string
      readonly deviceId: string
      readonly deploymentName?: string | undefined
      readonly removed?: boolean | undefined
    }[]
    readonly answer: unknown
  }
  /** Requests as a file: CSV, JSON lines or Parquet */
  readonly export: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
      readonly filters?: MetricsFilters | undefined
      readonly tags?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
      readonly ranges?:
        | {
            readonly durationMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
            readonly timeToFirstTokenMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
            readonly inputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
            readonly outputTokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
            readonly costUsd?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
            readonly status?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
          }
        | undefined
      readonly search?: string | undefined
      readonly format: 'csv' | 'jsonl' | 'parquet'
      readonly limit?: number | undefined
    }
    readonly answer: unknown
  }
}

/** Method and path of each operation. */

export const metricsOperations = {
  requests: 'GET /api/metrics/requests',
  requestsId: 'GET /api/metrics/requests/{id}',
  requestsIdPayload: 'GET /api/metrics/requests/{id}/payload',
  tracesTraceId: 'GET /api/metrics/traces/{traceId}',
  tracesTraceIdSpans: 'GET /api/metrics/traces/{traceId}/spans',
  series: 'GET /api/metrics/series',
  summary: 'GET /api/metrics/summary',
  measures: 'GET /api/metrics/measures',
  ask: 'POST /api/metrics/ask',
  askMany: 'POST /api/metrics/ask-many',
  distribution: 'POST /api/metrics/distribution',
  records: 'POST /api/metrics/records',
  trueCost: 'POST /api/metrics/true-cost',
  forecast: 'POST /api/metrics/forecast',
  anomalies: 'POST /api/metrics/anomalies',
  erase: 'POST /api/metrics/erase',
  nodePrices: 'POST /api/metrics/node-prices',
  targetDevices: 'POST /api/metrics/target-devices',
  export: 'POST /api/metrics/export',
} as const
