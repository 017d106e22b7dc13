/** What a deployer may choose about the manifests of a plan, with its defaults. */
import { z } from 'zod'

const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a lower-case DNS label of at most 63 characters')

export const renderOptionsSchema = z.strictObject({
  namespace: label.default('bud-inference'),
  /** Where downloaded weights live: a claim that survives restarts, or the pod's own disk. */
  modelStorage: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('claim'), storageClassName: z.string().min(1).optional() }),
      z.strictObject({ kind: z.literal('ephemeral') }),
    ])
    .default({ kind: 'claim' }),
  /** An existing Secret with a Hugging Face token, for gated models. */
  huggingFaceToken: z.strictObject({ secretName: label, key: z.string().min(1).default('token') }).optional(),
  imagePullSecretNames: z.array(label).readonly().default([]),
  priorityClassName: label.optional(),
  /** Overrides the selection of nodes by the plan's hardware. */
  nodeSelector: z.record(z.string(), z.string()).readonly().optional(),
  /** Labels of the pods that may call the engine; everything else in the cluster may not. */
  callers: z
    .strictObject({
      namespaceLabels: z.record(z.string(), z.string()).readonly().optional(),
      podLabels: z.record(z.string(), z.string()).readonly(),
    })
    .default({ podLabels: { 'app.kubernetes.io/component': 'gateway' } }),
  /** Adds a ServiceMonitor; needs the Prometheus operator. */
  serviceMonitor: z.boolean().default(false),
})

/** As a caller writes them. */
export type RenderOptionsInput = Readonly<z.input<typeof renderOptionsSchema>>
/** With every default filled in. */
export type RenderOptions = Readonly<z.output<typeof renderOptionsSchema>>
