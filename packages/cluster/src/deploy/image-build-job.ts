/** Builds an image in the cluster, without a daemon: Kaniko (the fork that is maintained) or BuildKit without root. */
import { z } from 'zod'
import { resolveConfig } from '@bud-foundry/core'
import { jobManifests, type ClusterJob } from './cluster-job.ts'
import { mirrored } from './image-reference.ts'

const label = z.string().regex(/^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/, 'a lower-case DNS label of at most 53 characters')

export const imageBuildSchema = z.strictObject({
  name: label,
  namespace: label.default('bud-inference'),
  builder: z.enum(['kaniko', 'buildkit']),
  /** The text of the Dockerfile, or a repository that has one. */
  source: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('dockerfile'),
      text: z
        .string()
        .min(1)
        .max(512 * 1024),
    }),
    z.strictObject({
      kind: z.literal('git'),
      repository: z.string().regex(/^https:\/\/[^\s#@]+$/, 'an https address without credentials'),
      revision: z.string().regex(/^[\w./-]+$/, 'a branch, tag or commit'),
      folder: z
        .string()
        .regex(/^[\w./-]*$/, 'a folder of the repository')
        .default(''),
    }),
  ]),
  /** Where the image goes, with its tag. */
  destination: z
    .string()
    .regex(/^[^\s:@]+(:\d+)?\/[^\s@]+:[\w][\w.-]*$/, 'a reference with registry and tag, registry.local:5000/team/engine:1.2'),
  buildArguments: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
    .readonly()
    .default({}),
  /** An existing Secret of type `kubernetes.io/dockerconfigjson` that may push. */
  pushSecretName: z.string().min(1).optional(),
  imageRegistry: z.string().optional(),
  /** A registry inside the cluster that speaks no TLS. */
  insecure: z.boolean().default(false),
  memoryGiB: z.int().positive().default(8),
  timeoutSeconds: z.int().positive().default(3600),
})

export type ImageBuildInput = Readonly<z.input<typeof imageBuildSchema>>
type ImageBuild = z.output<typeof imageBuildSchema>

// Google archived Kaniko in 2025; Chainguard maintains a fork.
const images = { kaniko: 'ghcr.io/chainguard-dev/kaniko:v1.25.2', buildkit: 'moby/buildkit:v0.25.1-rootless' } as const

function kaniko({ source, destination, buildArguments, insecure }: ImageBuild) {
  const context =
    source.kind === 'dockerfile'
      ? ['--dockerfile=/job/Dockerfile', '--context=dir:///job']
      : [
          `--context=${source.repository.replace(/^https:/, 'git:')}#${source.revision}`,
          ...(source.folder === '' ? [] : [`--context-sub-path=${source.folder}`]),
        ]
  return {
    args: [
      ...context,
      `--destination=${destination}`,
      ...Object.entries(buildArguments).map(([name, value]) => `--build-arg=${name}=${value}`),
      '--digest-file=/dev/termination-log',
      '--reproducible',
      ...(insecure ? ['--insecure'] : []),
    ],
    configFolder: '/kaniko/.docker',
    // It unpacks layers as their owners; everything else is dropped.
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'] },
    },
  }
}

function buildkit({ source, destination, buildArguments, insecure }: ImageBuild) {
  const place = source.kind === 'git' ? `${source.repository}#${source.revision}${source.folder === '' ? '' : `:${source.folder}`}` : ''
  const context = source.kind === 'dockerfile' ? ['--local', 'context=/job', '--local', 'dockerfile=/job'] : ['--opt', `context=${place}`]
  return {
    command: ['buildctl-daemonless.sh'],
    args: [
      ...['build', '--frontend', 'dockerfile.v0', ...context],
      ...Object.entries(buildArguments).flatMap(([name, value]) => ['--opt', `build-arg:${name}=${value}`]),
      ...['--output', `type=image,name=${destination},push=true${insecure ? ',registry.insecure=true' : ''}`],
    ],
    configFolder: '/home/user/.docker',
    env: [{ name: 'BUILDKITD_FLAGS', value: '--oci-worker-no-process-sandbox' }],
    // User namespaces inside the pod are what makes it work without root; the default profile forbids them.
    securityContext: { runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'Unconfined' } },
  }
}

/** @throws CORE_CONFIG_INVALID. */
export function imageBuildJob(input: ImageBuildInput): ClusterJob {
  const build = resolveConfig('image build', imageBuildSchema, input)
  const { name, namespace, source, pushSecretName, builder } = build
  const { configFolder, ...start } = builder === 'kaniko' ? kaniko(build) : buildkit(build)
  const memory = `${String(build.memoryGiB)}Gi`
  const push =
    pushSecretName === undefined
      ? undefined
      : { name: 'push', secret: { secretName: pushSecretName, items: [{ key: '.dockerconfigjson', path: 'config.json' }] } }
  const manifests = jobManifests({
    name,
    namespace,
    timeoutSeconds: build.timeoutSeconds,
    // The field of the same meaning exists since 1.30 only; servers since then read both.
    ...(builder === 'buildkit' ? { podAnnotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' } } : {}),
    ...(source.kind === 'dockerfile' ? { files: { Dockerfile: source.text } } : {}),
    container: {
      image: mirrored(images[builder], build.imageRegistry),
      ...start,
      resources: { requests: { cpu: '2', memory }, limits: { memory } },
      volumeMounts: push === undefined ? [] : [{ name: 'push', mountPath: configFolder, readOnly: true }],
    },
    volumes: push === undefined ? [] : [push],
  })
  return { name, namespace, step: 'build_image', manifests, timeoutMs: build.timeoutSeconds * 1000 }
}
