/** What the gateway routes where, and how each target is: its configuration joined with its own metrics. */
import { z } from 'zod'

const configSchema = z.looseObject({
  models: z.record(
    z.string(),
    z.looseObject({
      policy: z.string(),
      targets: z
        .array(z.looseObject({ id: z.string().optional(), provider: z.string(), model: z.string(), weight: z.number().default(1) }))
        .default([]),
    }),
  ),
})

export const routeViewSchema = z.object({
  model: z.string(),
  policy: z.string(),
  targets: z.array(
    z.object({
      id: z.string(),
      provider: z.string(),
      weight: z.number(),
      isHealthy: z.boolean().optional(),
      inFlight: z.number().optional(),
    }),
  ),
})
export type RouteView = z.output<typeof routeViewSchema>

const linePattern = /^bud_gateway_target_(healthy|in_flight)\{target="((?:[^"\\]|\\.)*)"\} (\S+)$/

/** Pure. `config` is the gateway's in force, `metricsText` its own exposition of the same moment. */
export function viewRoutes(config: unknown, metricsText: string): readonly RouteView[] {
  const healthy = new Map<string, number>()
  const inFlight = new Map<string, number>()
  for (const line of metricsText.split('\n')) {
    const [, name, target = '', value] = linePattern.exec(line) ?? []
    if (name !== undefined) (name === 'healthy' ? healthy : inFlight).set(target, Number(value))
  }
  return Object.entries(configSchema.parse(config).models).map(([model, { policy, targets }]) => ({
    model,
    policy,
    targets: targets.map(({ id, provider, model: upstream, weight }) => {
      const name = id ?? `${provider}/${upstream}`
      const health = healthy.get(name)
      return { id: name, provider, weight, isHealthy: health === undefined ? undefined : health === 1, inFlight: inFlight.get(name) }
    }),
  }))
}
