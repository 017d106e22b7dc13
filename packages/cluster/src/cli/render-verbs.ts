/** The verbs that need no cluster: manifests on the output, and folders for GitOps. */
import path from 'node:path'
import { resolveConfig } from '@bud-foundry/core'
import { stringify } from 'yaml'
import { renderedBy, renderFolder, type GitOpsOptions } from '../deploy/gitops.ts'
import { planManifests } from '../deploy/plan-manifests.ts'
import { renderOptionsSchema } from '../deploy/render-options.ts'
import { permissionManifests } from '../kubernetes/own-permissions.ts'
import { readDesired, type CliContext } from './cli-context.ts'
import { defaultNamespace, UsageError, type CommandLine } from './command-line.ts'
import { showFindings } from './show.ts'

/** One namespace unless all are asked for: a role for all of them lists secrets, and makes pods anywhere. */
const scopeOf = ({ values }: CommandLine) => (values['all-namespaces'] ? {} : { workNamespaces: [values.namespace ?? defaultNamespace] })

export async function render(line: CommandLine, context: CliContext): Promise<number> {
  const { manifests, findings } = line.values.rbac
    ? { manifests: permissionManifests(scopeOf(line)), findings: [] }
    : await readDesired(line, context).then(({ plan, options }) => planManifests(plan, options))
  context.print(line.values.json ? JSON.stringify(manifests) : manifests.map((manifest) => stringify(manifest)).join('---\n'))
  return showFindings(findings, context)
}

const isOurs = (content: string) => content.startsWith(renderedBy)

/** Files of an earlier rendering go, those of somebody else stay where they are. */
async function writeFolder(folder: string, files: ReadonlyMap<string, string>, context: CliContext): Promise<readonly string[]> {
  const there = new Map<string, string>()
  for (const name of await context.listFolder(folder))
    if (name.endsWith('.yaml')) there.set(name, await context.readFile(path.join(folder, name)))
  const foreign = [...files.keys()].find((name) => !isOurs(there.get(name) ?? renderedBy))
  if (foreign !== undefined)
    throw new UsageError(`'${path.join(folder, foreign)}' is there and was not written by bud-cluster; choose another --folder`)
  const done: string[] = []
  for (const [name, content] of files) {
    if (there.get(name) === content) continue
    await context.writeFile(path.join(folder, name), content)
    done.push(`${there.has(name) ? '~' : '+'} ${name}`)
  }
  for (const [name, content] of there) {
    if (files.has(name) || !isOurs(content)) continue
    await context.removeFile(path.join(folder, name))
    done.push(`- ${name}`)
  }
  return done
}

/** Writes what a plan renders to into a checkout of a repository; committing it is the caller's. */
export async function gitOps(line: CommandLine, context: CliContext): Promise<number> {
  const { out, tool, repository, revision, folder: given } = line.values
  if (out === undefined) throw new UsageError('gitops needs --out, a checkout of the repository')
  if (tool !== 'argocd' && tool !== 'flux') throw new UsageError('gitops needs --tool argocd or --tool flux')
  if (repository === undefined) throw new UsageError('gitops needs --repository, the address that the tool fetches from')
  const { plan, options = {} } = await readDesired(line, context)
  const { namespace } = resolveConfig('deployment options', renderOptionsSchema, options)
  const folder = given ?? `${namespace}/${plan.name}`
  const target: GitOpsOptions = { tool, repository, folder, ...(revision === undefined ? {} : { revision }) }
  const { files, findings } = renderFolder(plan, options, target)
  const blocked = showFindings(findings, context)
  if (blocked !== 0) return blocked
  const written = new Map(files.map((file) => [file.path, file.content]))
  const done = await writeFolder(path.join(out, folder), written, context)
  context.print(
    line.values.json
      ? JSON.stringify({ folder, files: [...written.keys()], done })
      : done.length === 0
        ? 'nothing to change'
        : done.join('\n'),
  )
  return 0
}
