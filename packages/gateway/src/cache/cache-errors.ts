/** The errors of the answer cache. */
import { defineErrors } from '@bud-foundry/core'

export const cacheErrors = defineErrors('GATEWAY', {
  NOT_CACHED: {
    status: 504,
    retryable: false,
    message: () =>
      "No answer to this request is cached, and it asks for a cached one only. Send it without 'only-if-cached' and 'x-bud-cache: only'.",
  },
  CACHE_HEADER_INVALID: {
    status: 400,
    retryable: false,
    message: ({ value }: { readonly value: string }) =>
      `Invalid value '${value}' of the header 'x-bud-cache': use bypass, refresh or only.`,
  },
  CACHE_HEADERS_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ header }: { readonly header: string }) =>
      `gateway config: headers.toUpstream: '${header}' passes on headers that no answer can be told apart by; name each header while cache is on`,
  },
  CACHE_PURGE_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ field, isolation }: { readonly field: string; readonly isolation: string }) =>
      `Answers cannot be removed by ${field}: with cache.isolation '${isolation}' nobody knows whose they are. Remove them by ${isolation === 'shared' ? 'model' : 'model or projectId'}, or all.`,
  },
  CACHE_MODEL_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ model }: { readonly model: string }) =>
      `gateway config: cache.semantic.model: the model '${model}' is not configured; add it to models or name another one`,
  },
  VECTOR_INDEX_MISSING: {
    status: 500,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) =>
      `the semantic cache needs the package 'usearch', which could not be loaded: ${reason}; install it`,
  },
})
