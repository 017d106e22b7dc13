/** A deployment as files for Argo CD or Flux: what `apply` would do, left to whoever watches a repository. Pure. */
import { resolveConfig, type DeploymentPlan, type Finding } from '@bud-foundry/core'
import { stringify } from 'yaml'
import { z } from 'zod'
import { planManifests } from './plan-manifests.ts'
import { renderOptionsSchema, type RenderOptionsInput } from './render-options.ts'
import type { Manifest } from './manifest.ts'

export interface RenderedFile {
  /** Below the folder of the deployment. */
  readonly path: string
  readonly content: string
}

const gitOpsSchema = z.strictObject({
  tool: z.enum(['argocd', 'flux']),
  /** The repository that the files are committed to. */
  repository: z
    .string()
    .regex(
      /^(https:\/\/[^\s@]+|(ssh:\/\/)?git@[^\s@]+)$/,
      'an address beginning with https:// or git@, without credentials: the tool keeps its own',
    ),
  /** The folder of this deployment in it. */
  folder: z
    .string()
    .regex(/^[\w.][-\w./]*$/, 'a folder of the repository, without a leading slash')
    .refine((path) => !path.split('/').includes('..'), 'a folder inside the repository'),
  /** A branch, tag or commit; for Flux a branch. */
  revision: z
    .string()
    .regex(/^[\w][-\w./]*$/, 'a branch, tag or commit')
    .optional(),
})

export type GitOpsOptions = Readonly<z.input<typeof gitOpsSchema>>

/** The first line of every file: what begins otherwise is somebody else's. */
export const renderedBy = '# Rendered by bud-cluster from a deployment plan: change the plan, not this file.\n'
const text = (value: unknown) => `${renderedBy}${stringify(value)}`

const kebab = (kind: string) => kind.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()

/** Numbers keep the order of application where files are read by name. */
const fileName = ({ kind, metadata }: Manifest, index: number) => `${String(index).padStart(2, '0')}-${kebab(kind)}-${metadata.name}.yaml`

/** What must be there before engines start comes in an earlier wave: Argo CD waits for it, jobs included. */
const waveOf = ({ kind }: Manifest): number => {
  if (kind === 'Namespace') return -3
  if (kind === 'Job') return -1
  return kind === 'Deployment' || kind === 'LeaderWorkerSet' || kind === 'ServiceMonitor' ? 0 : -2
}

const withWave = (manifest: Manifest): Manifest => ({
  ...manifest,
  metadata: {
    ...manifest.metadata,
    annotations: { ...manifest.metadata.annotations, 'argocd.argoproj.io/sync-wave': String(waveOf(manifest)) },
  },
})

function argoApplication(name: string, namespace: string, { repository, folder, revision = 'HEAD' }: GitOpsOptions): Manifest {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL: repository, path: folder, targetRevision: revision, directory: { include: '[0-9]*.yaml' } },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['ServerSideApply=true'] },
    },
  }
}

function fluxObjects(name: string, namespace: string, { repository, folder, revision = 'main' }: GitOpsOptions): readonly Manifest[] {
  const metadata = { name, namespace: 'flux-system' }
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata,
      spec: { interval: '1m', url: repository, ref: { branch: revision } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata,
      // `wait` counts a deployment as done when it is ready, not when it was accepted.
      spec: {
        interval: '5m',
        path: `./${folder}`,
        prune: true,
        wait: true,
        timeout: '2h',
        targetNamespace: namespace,
        sourceRef: { kind: 'GitRepository', name },
      },
    },
  ]
}

/**
 * One file for each object, a `kustomization.yaml` for Flux, and beside them the object that makes the tool watch the folder. Nobody asks for a
 * token here: whether the new generation serves is the tool's readiness only. @throws CORE_CONFIG_INVALID.
 */
export function renderFolder(
  plan: DeploymentPlan,
  options: RenderOptionsInput,
  gitOpsInput: GitOpsOptions,
): { readonly files: readonly RenderedFile[]; readonly findings: readonly Finding[] } {
  const gitOps = resolveConfig('GitOps options', gitOpsSchema, gitOpsInput)
  const { manifests, findings } = planManifests(plan, options)
  const { namespace } = renderOptionsSchema.parse(options)
  const isArgo = gitOps.tool === 'argocd'
  const objects = manifests.map((manifest, index) => {
    const object = isArgo ? withWave(manifest) : manifest
    return { path: fileName(manifest, index), content: text(object) }
  })
  if (isArgo)
    return {
      files: [...objects, { path: 'application.yaml', content: text(argoApplication(plan.name, namespace, gitOps)) }],
      findings,
    }
  const resources = objects.map(({ path }) => path)
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }
  const watch = fluxObjects(plan.name, namespace, gitOps).map((object) => stringify(object))
  return {
    files: [
      ...objects,
      { path: 'kustomization.yaml', content: text(kustomization) },
      { path: 'flux.yaml', content: renderedBy + watch.join('---\n') },
    ],
    findings,
  }
}
