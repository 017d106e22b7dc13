/** Names a model after the file that describes it, so that a path on this machine is never taken for a repository. */

/** Whether a name is a path: absolute, relative, of a home folder, of Windows, or deeper than `organisation/name`. */
const isPath = (name: string): boolean => /^(?:[./~\\]|[A-Za-z]:)|\\|\.json$|\/.*\//.test(name)

/** The name of the file or, when that is `config.json`, of its folder; `custom-model` when neither says anything. */
export function nameFromPath(path: string): string {
  const parts = path.split(/[/\\]+/).filter((part) => !/^(?:|\.{1,2}|~|[A-Za-z]:)$/.test(part))
  const last = parts.at(-1)?.replace(/\.json$/, '')
  const name = last === 'config' ? parts.at(-2) : last
  const clean = (name ?? '').replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '')
  return clean === '' ? 'custom-model' : clean
}

/** A stated name as it is, unless it is a path: then its last part. */
export const nameFromStated = (stated: string): string => (isPath(stated) ? nameFromPath(stated) : stated)
