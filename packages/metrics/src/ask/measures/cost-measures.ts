/** Money, and what caches saved. */
import { defineMeasures, numberOf, plain, quotient, share, type Measure } from './measure.ts'

const unpriced = 'no such request has a price'

const costUsd: Measure = {
  definition:
    'What the requests cost by their price at the time; requests without a price are not in it, `pricedRequests` counts those that are.',
  unit: 'usd',
  nullMeans: unpriced,
  errorBound: 0,
  countedBy: 'pricedRequests',
  rank: 'costUsd',
  needs: ['costUsd', 'pricedRequests'],
  read: (aggregates) => ((numberOf(aggregates, 'pricedRequests') ?? 0) === 0 ? null : numberOf(aggregates, 'costUsd')),
}

export const costMeasures = defineMeasures({
  costUsd,
  pricedRequests: plain('requests', 'pricedRequests', 'Requests that have a price.'),
  pricedShare: share(
    ['pricedRequests'],
    'requests',
    'Requests that have a price as a share of all requests: how much of the cost is known.',
  ),
  costUsdMean: quotient({ unit: 'usd', sum: 'costUsd', count: 'pricedRequests', definition: 'Cost per request that has a price.' }),
  costUsdPerMillionTokens: {
    definition: 'Cost of a million tokens, prompts and answers together.',
    unit: 'usd',
    nullMeans: 'no such request has a price, or there were no tokens',
    errorBound: 0,
    countedBy: 'pricedRequests',
    needs: ['costUsd', 'pricedRequests', 'inputTokens', 'outputTokens'],
    read: (aggregates, seconds) => {
      const cost = costUsd.read(aggregates, seconds)
      const tokens = (numberOf(aggregates, 'inputTokens') ?? 0) + (numberOf(aggregates, 'outputTokens') ?? 0)
      return cost === null || tokens === 0 ? null : (cost / tokens) * 1_000_000
    },
  },
  cacheHits: plain('requests', 'cacheHits', 'Requests answered from the cache of answers.'),
  cacheLookups: plain('requests', 'cacheLookups', 'Requests for which the cache of answers was asked.'),
  cacheHitShare: share(['cacheHits'], 'cacheLookups', 'Cache hits as a share of lookups.'),
  cacheSavedUsd: plain('usd', 'savedUsd', 'What cache hits would have cost, as the gateway priced them.'),
  providerCostUsd: plain(
    'usd',
    'providerCostUsd',
    'What providers charge for the requests, where that is known; compare it with `costUsd`, the price to the caller.',
  ),
})
