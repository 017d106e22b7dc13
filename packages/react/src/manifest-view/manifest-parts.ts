/** Splits a YAML stream into its documents, and names Kubernetes objects. */

/** Documents without their `---` lines; empty ones are left out. */
export function splitYaml(yaml: string): readonly string[] {
  return yaml
    .split(/^---[^\S\n]*(?:#.*)?$/m)
    .map((document) => document.replace(/^\n+|\s+$/g, ''))
    .filter((document) => document !== '')
}

/** `Deployment/llama`; the kind alone when the object has no name. */
export function toObjectName(manifest: Readonly<Record<string, unknown>> | undefined): string {
  const kind = typeof manifest?.['kind'] === 'string' ? manifest['kind'] : 'Object'
  const metadata = manifest?.['metadata']
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined
  return typeof name === 'string' ? `${kind}/${name}` : kind
}
