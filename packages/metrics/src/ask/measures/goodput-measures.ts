/** Requests that met the objective of the question. */
import { defineMeasures, perSecond, plain, share } from './measure.ts'

export const goodputMeasures = defineMeasures({
  goodRequests: {
    ...plain(
      'requests',
      'goodRequests',
      "Successes that kept every limit of the question's `slo`; a limit on a time that was not measured does not apply.",
    ),
    needsSlo: true,
  },
  goodputPerSecond: { ...perSecond('goodRequests', 'Requests per second that met the `slo`.'), needsSlo: true },
  goodShare: { ...share(['goodRequests'], 'requests', 'Requests that met the `slo` as a share of all requests.'), needsSlo: true },
})
