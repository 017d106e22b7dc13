/** What a deployer may choose about the manifests of a plan, with its defaults. */
import { z } from 'zod'
import { autoscalingSchema } from '../scale/autoscaling-options.ts'
import { plainUrlSchema } from './plain-url.ts'

const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a lower-case DNS label of at most 63 characters')
const host = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'a host name')
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in hexadecimal')
const positive = z.int().positive()

const objectStoreSchema = z.strictObject({
  kind: z.literal('objectStore'),
  /** Of the S3-compatible server: `https://minio.models:9000`. */
  endpoint: plainUrlSchema,
  bucket: z.string().min(1),
  /** Every object below it is downloaded. */
  prefix: z.string().default(''),
  region: z.string().min(1).default('us-east-1'),
  /** An existing Secret with `accessKeyId` and `secretAccessKey`; absent: objects anyone may read. */
  secretName: label.optional(),
  /** Expected digests by path below the prefix; what is not listed is checked by size only. */
  sha256: z.record(z.string(), sha256).readonly().optional(),
})
const hubSchema = z.strictObject({
  kind: z.literal('huggingFace'),
  /** A mirror may stand in for it. */
  endpoint: plainUrlSchema.default('https://huggingface.co'),
  revision: z.string().min(1).default('main'),
})

const adapterSchema = z.strictObject({
  /** What requests name as their model. */
  name: z.string().regex(/^[A-Za-z0-9][-\w.]{0,62}$/, 'letters, digits, - _ . and at most 63 characters'),
  /** A repository of the same source as the model: of the hub, or a prefix of the object store. */
  repository: z.string().min(1),
})

/** Pods by their labels, and by those of their namespace; absent: in any namespace. */
const peerSchema = z.strictObject({
  namespaceLabels: z.record(z.string(), z.string()).readonly().optional(),
  podLabels: z.record(z.string(), z.string()).readonly(),
})

export const renderOptionsSchema = z.strictObject({
  namespace: label.default('bud-inference'),
  /** Where downloaded weights live: a claim that survives restarts, a claim that holds them already, or the pod's own disk. */
  modelStorage: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('claim'), storageClassName: z.string().min(1).optional() }),
      z.strictObject({ kind: z.literal('existingClaim'), claimName: label, path: z.string().default('') }),
      z.strictObject({ kind: z.literal('ephemeral') }),
    ])
    .default({ kind: 'claim' }),
  /** Who downloads: the engine at its start, or a job before it, which resumes and checks digests. Jobs need `modelStorage` of kind `claim`. */
  modelSource: z
    .discriminatedUnion('kind', [z.strictObject({ kind: z.literal('engine') }), hubSchema, objectStoreSchema])
    .default({ kind: 'engine' }),
  /** What the download job runs in: any image with Node.js 22 or newer. */
  downloadImage: z.string().min(1).default('node:24-slim'),
  loraAdapters: z.array(adapterSchema).max(32).readonly().default([]),
  /** An existing Secret with a Hugging Face token, for gated models. */
  huggingFaceToken: z.strictObject({ secretName: label, key: z.string().min(1).default('token') }).optional(),
  imagePullSecretNames: z.array(label).readonly().default([]),
  /** Where a copy of every image lives, for clusters without the Internet: `registry.local:5000/mirror`. */
  imageRegistry: z
    .string()
    .regex(/^[^\s/]+(\/[^\s/]+)*$/, 'a registry such as registry.local:5000/mirror')
    .optional(),
  priorityClassName: label.optional(),
  runtimeClassName: label.optional(),
  /** Parts of devices instead of whole ones: a MIG profile, HAMi's share, or a renamed time-sliced resource. */
  deviceSharing: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('mig'), profile: z.string().regex(/^\dg\.\d+gb(\.me)?$/, 'a MIG profile such as 1g.10gb') }),
      z.strictObject({ kind: z.literal('hami'), memoryMiB: positive, corePercent: positive.max(100).optional() }),
      z.strictObject({ kind: z.literal('timeSlicing'), resource: z.string().includes('/').default('nvidia.com/gpu.shared') }),
    ])
    .optional(),
  /** Prefill and decode on servers of their own, with a router in front. The plan's replicas are those of decode unless given. */
  disaggregation: z
    .strictObject({ prefillReplicas: positive.max(512), decodeReplicas: positive.max(512), routerImage: z.string().min(1).optional() })
    .optional(),
  /** A Secret with an SSH key pair (`id`, `id.pub`), for engines that start their other nodes by MPI. */
  sshKey: z.strictObject({ secretName: label }).optional(),
  /** The least bandwidth at which weights arrive: sizes the startup probe by the model's bytes. */
  weightsBytesPerSecondMin: positive.default(100_000_000),
  /** Overrides the selection of nodes by the plan's hardware. */
  nodeSelector: z.record(z.string(), z.string()).readonly().optional(),
  /** Labels of the pods that may call the engine; everything else in the cluster may not. */
  callers: z
    .strictObject({
      namespaceLabels: z.record(z.string(), z.string()).readonly().optional(),
      podLabels: z.record(z.string(), z.string()).readonly(),
      /**
       * Addresses outside of pods that may call too: those of the control plane, through which the one token is asked for, where a cluster
       * enforces network policies.
       */
      addressRanges: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .max(64)
        .readonly()
        .default([]),
    })
    .default({ podLabels: { 'app.kubernetes.io/component': 'gateway' }, addressRanges: [] }),
  /** Who reads the metrics. When absent: Prometheus where a ServiceMonitor or an autoscaler needs it, and Bud's scaler where it scales. */
  scrapers: z.array(peerSchema).max(16).readonly().optional(),
  /** Adds a ServiceMonitor; needs the Prometheus operator. */
  serviceMonitor: z.boolean().default(false),
  autoscaling: autoscalingSchema.optional(),
  /** OpenShift: a Route, and a security context constraint of the cluster for the engine's service account. */
  openshift: z
    .strictObject({
      routeHost: host.optional(),
      /** Whom the constraint `nonroot-v2` does not fit (images that run as root) takes `anyuid`. */
      securityContextConstraint: label.default('nonroot-v2'),
    })
    .optional(),
})

/** As a caller writes them. */
export type RenderOptionsInput = Readonly<z.input<typeof renderOptionsSchema>>
/** With every default filled in. */
export type RenderOptions = Readonly<z.output<typeof renderOptionsSchema>>
