/** Small charts of our own that bring real definitions of custom resources, packaged by helm into a folder that stands in for a repository. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'

const execute = promisify(execFile)
const dataFolder = process.env['BUD_TEST_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url))

export const helmProgram = (): string => {
  const program = process.env['BUD_TEST_HELM']
  if (program === undefined) throw new Error("BUD_TEST_HELM is not set; start these tests with 'npm run test:kubernetes'")
  return program
}

/** A controller that would serve the definitions, without replicas: images are not to be had here. */
const controller = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-controller
  labels: { app.kubernetes.io/name: {{ .Chart.Name }}, app.kubernetes.io/managed-by: {{ .Release.Service }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      serviceAccountName: {{ .Release.Name }}
      containers: [{ name: main, image: "{{ .Values.image }}" }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: {{ .Release.Name }} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: {{ .Release.Name }}-controller }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get, list] }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: hook, annotations: { helm.sh/hook: pre-install } }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: hook, image: x }] } } }
`

export interface LocalCharts extends AsyncDisposable {
  readonly folder: string
}

/** One chart for each folder of definitions. */
export async function packageCharts(names: readonly string[], version = '1.0.0'): Promise<LocalCharts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bud-charts-'))
  for (const name of names) {
    const chart = path.join(folder, name)
    await mkdir(path.join(chart, 'templates'), { recursive: true })
    await mkdir(path.join(chart, 'crds'))
    const definitions = path.join(dataFolder, 'kubernetes/crds', name)
    for (const file of await readdir(definitions)) await cp(path.join(definitions, file), path.join(chart, 'crds', file))
    await writeFile(path.join(chart, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\n`)
    await writeFile(path.join(chart, 'values.yaml'), 'replicas: 0\nimage: example.invalid/controller:1\n')
    await writeFile(path.join(chart, 'templates/controller.yaml'), controller)
    await execute(helmProgram(), ['package', chart, '--destination', folder])
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
