import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { addOnSchema, clusterErrors, createHelmRenderer, type ChartSource } from '../../src/index.ts'

const never = new AbortController().signal
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A program that answers as a script says, in the place of helm. */
async function program(script: string): Promise<{ readonly program: string; readonly folder: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bud-helm-'))
  folders.push(folder)
  const file = path.join(folder, 'helm')
  await writeFile(file, `#!${process.execPath}\nconst args = process.argv.slice(2)\n${script}\n`)
  await chmod(file, 0o755)
  await writeFile(path.join(folder, 'widget-1.0.0.tgz'), 'a packaged chart')
  return { program: file, folder }
}
const source = (repository: string, digest?: string): ChartSource => ({
  kind: 'chart',
  repository,
  name: 'widget',
  version: '1.0.0',
  ...(digest === undefined ? {} : { digest }),
})
const render = async (script: string, values: Record<string, unknown> = {}, digest?: string) => {
  const { program: helm, folder } = await program(script)
  const addOn = addOnSchema.parse({ name: 'widget', namespace: 'w', source: source(folder, digest), values })
  return createHelmRenderer({ program: helm }).render(addOn, source(folder, digest), 'v1.36.0', never)
}
const version = (text: string) => `if (args[0] === 'version') { console.log('${text}'); process.exit() }`

describe('helm', () => {
  test('gets values on its input, where no list of processes shows them', async () => {
    const script = `${version('v3.18.2')}
      let input = ''
      process.stdin.on('data', (text) => (input += text)).on('end', () => console.log(JSON.stringify({ args, input })))`
    const { yaml } = await render(script, { password: 'canary-5a' })
    // Safe: the script above writes it.
    const { args, input } = JSON.parse(yaml) as { args: string[]; input: string }
    expect(args.join(' ')).toMatch(
      /^template widget .*widget-1\.0\.0\.tgz --namespace w --kube-version v1\.36\.0 --include-crds --skip-tests --values -$/,
    )
    expect(args.join(' ')).not.toContain('canary-5a')
    expect(JSON.parse(input)).toEqual({ password: 'canary-5a' })
  })

  test('must be there, and new enough', async () => {
    const addOn = addOnSchema.parse({ name: 'widget', namespace: 'w', source: source('/nowhere') })
    const absent = createHelmRenderer({ program: '/nowhere/helm' }).render(addOn, source('/nowhere'), 'v1.36.0', never)
    await expect(absent).rejects.toThrow(/cannot be found; install Helm 3.14/)
    await expect(render(version('v3.9.0'))).rejects.toSatisfy(clusterErrors.HELM_UNSUITABLE.is)
    await expect(render(version('what'))).rejects.toSatisfy(clusterErrors.HELM_UNSUITABLE.is)
  })

  test('says in our errors what it says', async () => {
    await expect(render(`${version('v4.0.1')}\nconsole.error('nil pointer in template'); process.exit(1)`)).rejects.toThrow(
      /nil pointer in template/,
    )
  })

  test('does not render another chart than the one that was meant', async () => {
    await expect(render(version('v3.18.2'), {}, 'f'.repeat(64))).rejects.toSatisfy(clusterErrors.CHART_CHANGED.is)
  })
})
