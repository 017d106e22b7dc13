/** Nodes, pods and DRA objects through schemas: only what discovery reads. */
import { z } from 'zod'

const quantity = z.union([z.string(), z.number()])

export const nodeSchema = z.looseObject({
  spec: z
    .looseObject({
      unschedulable: z.boolean().default(false),
      taints: z.array(z.looseObject({ key: z.string(), value: z.string().default(''), effect: z.string().default('') })).default([]),
    })
    .prefault({}),
  status: z
    .looseObject({
      allocatable: z.record(z.string(), quantity).default({}),
      capacity: z.record(z.string(), quantity).default({}),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
})

const container = z.looseObject({
  restartPolicy: z.string().optional(),
  resources: z
    .looseObject({ requests: z.record(z.string(), quantity).default({}), limits: z.record(z.string(), quantity).default({}) })
    .prefault({}),
})

export const podSchema = z.looseObject({
  spec: z
    .looseObject({
      nodeName: z.string().optional(),
      containers: z.array(container).default([]),
      initContainers: z.array(container).default([]),
    })
    .prefault({}),
  status: z.looseObject({ phase: z.string().default('Pending') }).prefault({}),
})

const attribute = z.looseObject({ string: z.string().optional() })
const draDevice = z.looseObject({
  name: z.string(),
  attributes: z.record(z.string(), attribute).default({}),
  taints: z.array(z.looseObject({ effect: z.string().default('') })).default([]),
})

export const resourceSliceSchema = z.looseObject({
  driver: z.string(),
  nodeName: z.string().optional(),
  pool: z.looseObject({ name: z.string(), generation: z.number().default(0), resourceSliceCount: z.number().default(1) }),
  devices: z.array(draDevice).default([]),
})

export const resourceClaimStatusSchema = z.looseObject({
  allocation: z
    .looseObject({
      devices: z
        .looseObject({ results: z.array(z.looseObject({ driver: z.string(), pool: z.string(), device: z.string() })).default([]) })
        .prefault({}),
    })
    .optional(),
})

export type NodeFields = z.infer<typeof nodeSchema>
export type PodFields = z.infer<typeof podSchema>

const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
}

/** A Kubernetes quantity as a number; NaN for what is none. */
export function parseQuantity(value: string | number): number {
  if (typeof value === 'number') return value
  const [, amount, suffix = ''] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(value) ?? []
  const factor = factors[suffix]
  return amount === undefined || factor === undefined ? Number.NaN : Number(amount) * factor
}
