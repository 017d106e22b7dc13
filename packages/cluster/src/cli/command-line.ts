/** The arguments of `bud-cluster`. */
import { parseArgs } from 'node:util'

/** Wrong arguments: exit code 2. */
export class UsageError extends Error {}

/** Where deployments live unless options or flags say otherwise. */
export const defaultNamespace = 'bud-inference'

export const verbs = {
  plan: 'what would change, its price and what to know before; changes nothing',
  apply: 'apply a plan and wait until the new generation served a token',
  observe: 'how a deployment is: replicas, pods, problems',
  drift: 'what somebody changed of what we own; --repair takes it back',
  rollback: 'back to the newest version that served and differs from what is there',
  destroy: 'remove a deployment and prove that nothing is left',
  benchmark: 'measure a deployment from inside its cluster; --out adds the row that bud-sim validate and train take',
  discover: 'the devices of the cluster and how many are free, as bud-sim takes them',
  test: 'whether the cluster can be used: reached, supported, with the rights that are needed',
  health: 'nodes, API, storage, network and devices',
  workers: 'the pods of one deployment, or of all, with what they run on',
  logs: 'what the workers of a deployment wrote last',
  render: 'the manifests of a plan; --rbac: the role that this tool needs',
  gitops: 'write the files of a plan for Argo CD or Flux into a checkout of a repository',
} as const

export type Verb = keyof typeof verbs

const flags = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  state: { type: 'string' },
  cluster: { type: 'string', default: 'default' },
  options: { type: 'string' },
  namespace: { type: 'string' },
  'all-namespaces': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  repair: { type: 'boolean', default: false },
  adopt: { type: 'boolean', default: false },
  rbac: { type: 'boolean', default: false },
  plan: { type: 'string' },
  tool: { type: 'string' },
  repository: { type: 'string' },
  folder: { type: 'string' },
  revision: { type: 'string' },
  out: { type: 'string' },
  requests: { type: 'string' },
} as const

export const help = [
  'usage: bud-cluster <verb> [plan.json | name] [options]   (a plan, or what bud-sim optimize --json prints, with --plan N)',
  '',
  ...Object.entries(verbs).map(([verb, summary]) => `  ${verb.padEnd(11)}${summary}`),
  '',
  '  --kubeconfig FILE   default: KUBECONFIG, then ~/.kube/config     --context NAME',
  '  --state FOLDER      journals and history; default ~/.local/state/bud-cluster',
  '  --cluster NAME      names the cluster in them                    --json   one JSON document, or one line per event',
  '  --options FILE      render options as JSON                       --namespace NAME   default bud-inference',
  '  --all-namespaces    (render --rbac, test) not in one namespace only',
  '  --adopt             (plan, apply) take over objects that exist   --repair (drift)   --rbac (render)',
  '  --out CHECKOUT --tool argocd|flux --repository URL  (gitops)     --folder PATH   --revision NAME',
  '  --out FILE.csv      (benchmark)                                  --requests N',
].join('\n')

const isVerb = (text: string | undefined): text is Verb => text !== undefined && text in verbs

/** @throws UsageError. */
export function parseCommandLine(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true })
    const [verb, subject, ...rest] = positionals
    if (!isVerb(verb)) throw new UsageError(verb === undefined ? 'a verb is missing' : `there is no verb '${verb}'`)
    if (rest.length > 0) throw new UsageError(`'${rest.join(' ')}' is too much`)
    return { verb, subject, values }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export type CommandLine = ReturnType<typeof parseCommandLine>

/** Whether a command changes something in a cluster. */
export const writes = ({ verb, values }: CommandLine): boolean =>
  ['apply', 'rollback', 'destroy', 'benchmark'].includes(verb) || (verb === 'drift' && values.repair)
