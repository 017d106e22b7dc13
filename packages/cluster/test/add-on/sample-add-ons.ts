/** Add-ons to install in tests, and a renderer that needs no program. */
import type { AddOnInput, ChartRenderer } from '../../src/index.ts'

const definition = (served: string, storage = served) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.test }
spec:
  group: example.test
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
  versions:
    - name: ${served}
      served: true
      storage: ${String(storage === served)}
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`
/** A controller with a definition, a default object of its own kind, rights and settings. */
export const widgetYaml = (options: { readonly image?: string; readonly extra?: boolean } = {}): string =>
  [
    definition('v1'),
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: widget }\n',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: widget-reader }\nrules:\n  - { apiGroups: [""], resources: [nodes], verbs: [get] }\n',
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: widget, labels: { app.kubernetes.io/name: widget } }
spec:
  replicas: 0
  selector: { matchLabels: { app: widget } }
  template:
    metadata: { labels: { app: widget } }
    spec: { containers: [{ name: main, image: '${options.image ?? 'example.invalid/widget:1'}' }] }
`,
    'apiVersion: example.test/v1\nkind: Widget\nmetadata: { name: default }\nspec: { size: 3 }\n',
    ...(options.extra === true ? ['apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\ndata: { a: "1" }\n'] : []),
  ].join('---\n')

export const widget = (yaml = widgetYaml(), version = '1.0.0'): AddOnInput => ({
  name: 'widget',
  namespace: 'widget-system',
  source: { kind: 'manifests', version, yaml },
})

export const chartOf = (digest?: string): AddOnInput => ({
  name: 'widget',
  namespace: 'widget-system',
  source: {
    kind: 'chart',
    repository: 'https://charts.example.test',
    name: 'widget',
    version: '1.0.0',
    ...(digest === undefined ? {} : { digest }),
  },
})

export const rendererOf = (answer: () => { yaml: string; digest: string }): ChartRenderer => ({ render: () => Promise.resolve(answer()) })
