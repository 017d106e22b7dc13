/** The job that puts a model and its adapters on the claim before any engine starts: resumed after a crash, checked by digest. */
import { createHash } from 'node:crypto'
import type { V1EnvVar, V1JobSpec } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { jobLabels, ownershipLabels } from '../kubernetes/ownership.ts'
import { downloadProgram } from './download-program.ts'
import { modelFolder, modelPath } from './engine-start.ts'
import { mirrored } from './image-reference.ts'
import { commonPodSpec, modelVolume } from './pod-template.ts'
import type { RenderOptions } from './render-options.ts'
import type { Manifest } from './manifest.ts'

type JobSource = Exclude<RenderOptions['modelSource'], { readonly kind: 'engine' }>

/** One folder to fill. `single` takes only the file with this ending, under the name `as`. */
interface DownloadItem {
  readonly folder: string
  readonly repository: string
  readonly single?: string
  readonly as?: string
}

const below = (folder: string) => folder.slice(modelPath.length + 1)

/** llama.cpp reads one file of a folder of quantizations: the one its launch names, `owner/name:Q4_K_M`. */
function modelItem(plan: DeploymentPlan, source: JobSource): DownloadItem {
  const folder = below(modelFolder)
  const prefix = source.kind === 'objectStore' ? source.prefix : plan.model.id
  if (plan.engine.id !== 'llama-cpp') return { folder, repository: prefix }
  const named = plan.launch.args[plan.launch.args.indexOf('--hf-repo') + 1] ?? ''
  const [repository = plan.model.id, quantization = ''] = named.split(':')
  return { folder, repository: source.kind === 'objectStore' ? prefix : repository, single: `${quantization}.gguf`, as: 'model.gguf' }
}

const itemsOf = (plan: DeploymentPlan, options: RenderOptions, source: JobSource): readonly DownloadItem[] => [
  modelItem(plan, source),
  ...options.loraAdapters.map(({ name, repository }) => ({
    folder: `adapters/${name}`,
    repository,
    ...(plan.engine.id === 'llama-cpp' ? { single: '.gguf', as: 'adapter.gguf' } : {}),
  })),
]

function credentials(source: JobSource, options: RenderOptions): V1EnvVar[] {
  const fromSecret = (name: string, secretName: string, key: string): V1EnvVar => ({
    name,
    valueFrom: { secretKeyRef: { name: secretName, key } },
  })
  if (source.kind === 'objectStore') {
    const { secretName } = source
    if (secretName === undefined) return []
    return [fromSecret('AWS_ACCESS_KEY_ID', secretName, 'accessKeyId'), fromSecret('AWS_SECRET_ACCESS_KEY', secretName, 'secretAccessKey')]
  }
  const token = options.huggingFaceToken
  return token === undefined ? [] : [fromSecret('HF_TOKEN', token.secretName, token.key)]
}

function jobSpec(plan: DeploymentPlan, options: RenderOptions, source: JobSource, program: string): V1JobSpec {
  const wanted = JSON.stringify({ source, items: itemsOf(plan, options, source) })
  return {
    backoffLimit: 6,
    // Bytes that have arrived stay: a new pod continues where the last one stopped.
    activeDeadlineSeconds: 3600 + Math.ceil(plan.model.downloadBytes / (options.weightsBytesPerSecondMin / 10)),
    template: {
      metadata: { labels: jobLabels(plan.name) },
      spec: {
        ...commonPodSpec(options),
        restartPolicy: 'OnFailure',
        containers: [
          {
            name: 'download',
            image: mirrored(options.downloadImage, options.imageRegistry),
            command: ['node', '/program/download.mjs'],
            env: [{ name: 'DOWNLOAD', value: wanted }, ...credentials(source, options)],
            resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { memory: '1Gi' } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [
              { name: 'models', mountPath: modelPath },
              { name: 'program', mountPath: '/program', readOnly: true },
            ],
          },
        ],
        volumes: [modelVolume(plan, options), { name: 'program', configMap: { name: program } }],
      },
    },
  }
}

/** Nothing when the engine downloads. A job cannot be changed, so its name says what it does: another model is another job. */
export function downloadManifests(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  const { modelSource: source, modelStorage, namespace } = options
  if (source.kind === 'engine') return []
  if (modelStorage.kind !== 'claim') {
    throw clusterErrors.PLAN_UNDEPLOYABLE({
      name: plan.name,
      problem: `a download job fills the deployment's own claim, and modelStorage is '${modelStorage.kind}'`,
      fix: "use modelStorage { kind: 'claim' }, or modelSource { kind: 'engine' }",
    })
  }
  const program = `${plan.name}-download`
  const spec = jobSpec(plan, options, source, program)
  const digest = createHash('sha256')
    .update(JSON.stringify([spec, downloadProgram]))
    .digest('hex')
    .slice(0, 8)
  const labels = ownershipLabels(plan)
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: program, namespace, labels }, data: { 'download.mjs': downloadProgram } },
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `${program}-${digest}`, namespace, labels }, spec },
  ]
}
