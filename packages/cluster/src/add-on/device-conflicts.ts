/** Drivers and plugins that would fight over the same devices, found before they do. Pure. */
import type { Finding } from '@bud-foundry/core'
import { z } from 'zod'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { addOnLabel } from '../kubernetes/ownership.ts'
import type { AddOn } from './add-on.ts'

/** Which add-ons hand out or drive which devices. */
const pluginsOf: Readonly<Record<string, 'nvidia' | 'amd' | 'gaudi'>> = {
  'gpu-operator': 'nvidia',
  hami: 'nvidia',
  'amd-gpu-operator': 'amd',
  'gaudi-operator': 'gaudi',
}
const imagePatterns = {
  nvidia: /nvidia.*k8s-device-plugin|nvidia-gpu-device-plugin|\/hami:|nvidia\/k8s-device-plugin/,
  amd: /rocm\/k8s-device-plugin|amd-gpu-device-plugin/,
  gaudi: /habana.*device-plugin/,
} as const

const daemonSchema = z.looseObject({
  template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string().default('') })).default([]) }) }),
})
const imagesOf = ({ spec }: KubernetesObject): readonly string[] => {
  const parsed = daemonSchema.safeParse(spec)
  return parsed.success ? parsed.data.template.spec.containers.map(({ image }) => image) : []
}

const isTrue = (values: AddOn['values'], ...path: readonly string[]): boolean | undefined => {
  let value: unknown = values
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && key in value ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
  return typeof value === 'boolean' ? value : undefined
}

export interface DeviceSoftware {
  readonly nodes: readonly KubernetesObject[]
  readonly daemonSets: readonly KubernetesObject[]
}

/** Nodes whose image brings a driver say so; an operator that installs another breaks both. */
const driverLabels = ['nvidia.com/cuda.driver-version.full', 'nvidia.com/cuda.driver.major', 'cloud.google.com/gke-gpu-driver-version']

function pluginConflicts(addOn: AddOn, vendor: keyof typeof imagePatterns, daemonSets: readonly KubernetesObject[]): readonly Finding[] {
  if (addOn.name === 'gpu-operator' && isTrue(addOn.values, 'devicePlugin', 'enabled') === false) return []
  return daemonSets
    .filter(({ metadata }) => metadata.labels?.[addOnLabel] !== addOn.name)
    .filter((daemonSet) => imagesOf(daemonSet).some((image) => imagePatterns[vendor].test(image)))
    .map(({ metadata }) => ({
      severity: 'blocker',
      field: `addOns.${addOn.name}`,
      message: `DaemonSet ${metadata.namespace ?? ''}/${metadata.name} already hands out ${vendor} devices; two plugins would promise each device twice: remove it, or install ${addOn.name} without its own (devicePlugin.enabled false)`,
    }))
}

function driverConflicts(addOn: AddOn, nodes: readonly KubernetesObject[]): readonly Finding[] {
  if (addOn.name !== 'gpu-operator' || isTrue(addOn.values, 'driver', 'enabled') === false) return []
  const ours = (labels: Readonly<Record<string, string>>) => labels['nvidia.com/gpu.deploy.driver'] === 'true'
  const driven = nodes.filter(({ metadata: { labels = {} } }) => driverLabels.some((label) => label in labels) && !ours(labels))
  if (driven.length === 0) return []
  const names = driven.slice(0, 3).map(({ metadata }) => metadata.name)
  return [
    {
      severity: 'blocker',
      field: 'addOns.gpu-operator.values.driver.enabled',
      message: `${String(driven.length)} nodes (${names.join(', ')}) have a driver of their own; set driver.enabled false, or the operator's driver cannot load`,
    },
  ]
}

function amongEachOther(addOns: readonly AddOn[]): readonly Finding[] {
  const find = (name: string) => addOns.find((addOn) => addOn.name === name)
  const operator = find('gpu-operator')
  const found: Finding[] = []
  if (find('hami') !== undefined && operator !== undefined && isTrue(operator.values, 'devicePlugin', 'enabled') !== false) {
    found.push({
      severity: 'blocker',
      field: 'addOns.gpu-operator.values.devicePlugin.enabled',
      message: 'HAMi and the GPU operator would both hand out nvidia.com/gpu; set devicePlugin.enabled false for the GPU operator',
    })
  }
  if (find('dcgm-exporter') !== undefined && operator !== undefined && isTrue(operator.values, 'dcgmExporter', 'enabled') !== false) {
    found.push({
      severity: 'warning',
      field: 'addOns.dcgm-exporter',
      message: 'the GPU operator brings an exporter too, and every device would be measured twice; leave one out',
    })
  }
  return found
}

/** What to know about these add-ons on this cluster before they are installed. */
export function deviceConflicts(addOns: readonly AddOn[], { nodes, daemonSets }: DeviceSoftware): readonly Finding[] {
  return [
    ...amongEachOther(addOns),
    ...addOns.flatMap((addOn) => {
      const vendor = pluginsOf[addOn.name]
      return vendor === undefined ? [] : [...pluginConflicts(addOn, vendor, daemonSets), ...driverConflicts(addOn, nodes)]
    }),
  ]
}
