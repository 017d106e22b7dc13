/** Samples of known exporters as events: engines, devices and nodes, each metric by the name that its exporter gives it. */
import type { BudEvent } from '@bud-foundry/core'
import type { ExpositionSample } from './exposition.ts'

export type ScrapeSource = 'vllm' | 'sglang' | 'tgi' | 'dcgm' | 'hami' | 'node'

/** What the page itself does not say. */
export interface ScrapeTarget {
  readonly source: ScrapeSource
  readonly clusterName: string
  /** Of devices and nodes whose labels name no node. */
  readonly nodeName?: string
  /** Of engines: the target that the gateway calls it. */
  readonly targetId?: string
}

export interface ScrapedPage {
  readonly samples: readonly ExpositionSample[]
  readonly timeUnixMs: number
}

/** Fields of an event by metric name; the function turns the exporter's unit into ours. */
type FieldMap = Readonly<Record<string, readonly [field: string, convert?: (value: number) => number]>>

const mebibytes = (value: number) => value * 1024 * 1024
const percent = (value: number) => Math.min(1, Math.max(0, value / 100))

/** Names of vLLM's V1 and V0 engine, SGLang and TGI (their metrics pages). */
const engines: Readonly<Record<'vllm' | 'sglang' | 'tgi', FieldMap>> = {
  vllm: {
    'vllm:num_requests_running': ['runningRequests'],
    'vllm:num_requests_waiting': ['waitingRequests'],
    'vllm:kv_cache_usage_perc': ['kvCacheUtilisation'],
    'vllm:gpu_cache_usage_perc': ['kvCacheUtilisation'],
    'vllm:request_success_total': ['requestsTotal'],
    'vllm:prompt_tokens_total': ['inputTokensTotal'],
    'vllm:generation_tokens_total': ['outputTokensTotal'],
    'vllm:prefix_cache_queries_total': ['prefixCacheQueriesTotal'],
    'vllm:prefix_cache_hits_total': ['prefixCacheHitsTotal'],
    'vllm:gpu_prefix_cache_queries_total': ['prefixCacheQueriesTotal'],
    'vllm:gpu_prefix_cache_hits_total': ['prefixCacheHitsTotal'],
    'vllm:num_preemptions_total': ['preemptionsTotal'],
  },
  sglang: {
    'sglang:num_running_reqs': ['runningRequests'],
    'sglang:num_queue_reqs': ['waitingRequests'],
    'sglang:token_usage': ['kvCacheUtilisation'],
    'sglang:num_requests_total': ['requestsTotal'],
    'sglang:prompt_tokens_total': ['inputTokensTotal'],
    'sglang:generation_tokens_total': ['outputTokensTotal'],
    'sglang:cached_tokens_total': ['prefixCacheHitsTotal'],
  },
  tgi: {
    tgi_batch_current_size: ['runningRequests'],
    tgi_queue_size: ['waitingRequests'],
    tgi_request_success: ['requestsTotal'],
    tgi_request_input_length_sum: ['inputTokensTotal'],
    tgi_request_generated_tokens_sum: ['outputTokensTotal'],
  },
}

const devices: Readonly<Record<'dcgm' | 'hami', FieldMap>> = {
  dcgm: {
    DCGM_FI_DEV_GPU_UTIL: ['utilisation', percent],
    DCGM_FI_DEV_MEM_COPY_UTIL: ['memoryUtilisation', percent],
    DCGM_FI_DEV_FB_USED: ['memoryUsedBytes', mebibytes],
    DCGM_FI_DEV_FB_TOTAL: ['memoryTotalBytes', mebibytes],
    DCGM_FI_DEV_POWER_USAGE: ['powerWatts'],
    DCGM_FI_DEV_GPU_TEMP: ['temperatureCelsius'],
    DCGM_FI_DEV_SM_CLOCK: ['coreClockMhz'],
    DCGM_FI_DEV_MEM_CLOCK: ['memoryClockMhz'],
  },
  hami: {
    HostGPUMemoryUsage: ['memoryUsedBytes'],
    HostCoreUtilization: ['utilisation', percent],
    GPUDeviceCoreAllocated: ['coreAllocatedShare', (value) => value / 100],
    GPUDeviceMemoryAllocated: ['memoryAllocatedBytes'],
    GPUDeviceMemoryLimit: ['memoryTotalBytes'],
    GPUDeviceSharedNum: ['sharedContainers'],
  },
}

const known = (fields: FieldMap, { name, value }: ExpositionSample) => {
  const found = fields[name]
  if (found === undefined || !Number.isFinite(value)) return undefined
  const [field, convert] = found
  return { field, value: convert === undefined ? value : convert(value) }
}

const firstOf = (labels: Readonly<Record<string, string>>, names: readonly string[]): string =>
  names.map((name) => labels[name]).find((value) => value !== undefined && value !== '') ?? ''

/** An id that a second scrape of the same page at the same instant has too. */
const idOf = (parts: readonly (string | number)[]) => parts.join('/')

/** Totals and gauges of several ranks of one engine add up; a share is the mean of them. */
function toEngineSamples(page: ScrapedPage, target: ScrapeTarget, source: 'vllm' | 'sglang' | 'tgi'): readonly BudEvent[] {
  const byModel = new Map<string, Map<string, number[]>>()
  for (const sample of page.samples) {
    const found = known(engines[source], sample)
    if (found === undefined) continue
    const model = firstOf(sample.labels, ['model_name', 'model'])
    const fields = byModel.get(model) ?? new Map<string, number[]>()
    byModel.set(model, fields)
    fields.set(found.field, [...(fields.get(found.field) ?? []), found.value])
  }
  const targetId = target.targetId ?? ''
  return Array.from(byModel, ([model, fields]) => {
    const values = Object.fromEntries(
      Array.from(fields, ([field, list]) => {
        const sum = list.reduce((total, value) => total + value, 0)
        return [field, field === 'kvCacheUtilisation' ? sum / list.length : sum]
      }),
    )
    const id = idOf(['engine', target.clusterName, targetId, model, page.timeUnixMs])
    return {
      id,
      kind: 'engine-sample',
      timeUnixMs: page.timeUnixMs,
      clusterName: target.clusterName,
      targetId,
      engine: source,
      model,
      ...(target.nodeName === undefined ? {} : { nodeName: target.nodeName }),
      ...values,
    }
  })
}

function toDeviceSamples(page: ScrapedPage, target: ScrapeTarget, source: 'dcgm' | 'hami'): readonly BudEvent[] {
  const byDevice = new Map<string, { readonly labels: ExpositionSample['labels']; readonly values: Record<string, number> }>()
  for (const sample of page.samples) {
    // The exporter has no total everywhere: what is used and what is free add up to it.
    const isFree = sample.name === 'DCGM_FI_DEV_FB_FREE'
    const found = isFree ? { field: 'freeBytes', value: mebibytes(sample.value) } : known(devices[source], sample)
    const deviceId = firstOf(sample.labels, ['UUID', 'uuid', 'deviceuuid', 'deviceid'])
    if (found === undefined || deviceId === '') continue
    const device = byDevice.get(deviceId) ?? { labels: sample.labels, values: {} }
    byDevice.set(deviceId, device)
    device.values[found.field] = found.value
  }
  return Array.from(byDevice, ([deviceId, { labels, values }]) => {
    const { freeBytes, ...fields } = values
    const nodeName = firstOf(labels, ['Hostname', 'hostname', 'node', 'nodename', 'nodeid']) || (target.nodeName ?? '')
    const used = fields['memoryUsedBytes']
    const total = fields['memoryTotalBytes'] ?? (freeBytes === undefined || used === undefined ? undefined : freeBytes + used)
    const podName = firstOf(labels, ['exported_pod', 'pod'])
    const namespace = firstOf(labels, ['exported_namespace', 'namespace'])
    return {
      ...fields,
      id: idOf([source, target.clusterName, nodeName, deviceId, page.timeUnixMs]),
      kind: 'device-sample',
      timeUnixMs: page.timeUnixMs,
      clusterName: target.clusterName,
      nodeName,
      deviceId,
      hardwareId: firstOf(labels, ['modelName', 'devicetype', 'device_type']),
      source,
      ...(total === undefined ? {} : { memoryTotalBytes: total }),
      ...(podName === '' ? {} : { podName }),
      ...(namespace === '' ? {} : { namespace }),
    }
  })
}

type Read = (name: string, matches?: (labels: ExpositionSample['labels']) => boolean) => number | undefined

const reader =
  ({ samples }: ScrapedPage): Read =>
  (name, matches = () => true) => {
    const values = samples.filter((sample) => sample.name === name && matches(sample.labels) && Number.isFinite(sample.value))
    return values.length === 0 ? undefined : values.reduce((sum, { value }) => sum + value, 0)
  }

const isPhysical = ({ device = '' }: ExpositionSample['labels']) => !/^(lo|veth|docker|cni|flannel|cali|br-|virbr)/.test(device)
const isRoot = ({ mountpoint }: ExpositionSample['labels']) => mountpoint === '/'

/** Rates need two pages: counters that fell began anew, and give no rate. */
function toNodeSample(page: ScrapedPage, target: ScrapeTarget, before: ScrapedPage | undefined): readonly BudEvent[] {
  const now = reader(page)
  const seconds = before === undefined ? 0 : (page.timeUnixMs - before.timeUnixMs) / 1000
  const then = before === undefined ? undefined : reader(before)
  const grown = (name: string, matches?: (labels: ExpositionSample['labels']) => boolean) => {
    const [last, first] = [now(name, matches), then?.(name, matches)]
    return last === undefined || first === undefined || last < first || seconds <= 0 ? undefined : last - first
  }
  const cores = new Set(page.samples.filter(({ name }) => name === 'node_cpu_seconds_total').map(({ labels }) => labels['cpu'])).size
  const all = grown('node_cpu_seconds_total')
  const idle = grown('node_cpu_seconds_total', ({ mode }) => mode === 'idle' || mode === 'iowait')
  const perSecond = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / seconds)
  const total = now('node_memory_MemTotal_bytes')
  const available = now('node_memory_MemAvailable_bytes')
  const diskTotal = now('node_filesystem_size_bytes', isRoot)
  const diskFree = now('node_filesystem_avail_bytes', isRoot)
  const less = (whole: number | undefined, rest: number | undefined) =>
    whole === undefined || rest === undefined ? undefined : Math.max(0, whole - rest)
  const fields: Readonly<Record<string, number | undefined>> = {
    cpuCores: cores === 0 ? undefined : cores,
    cpuUtilisation: all === undefined || idle === undefined || all === 0 ? undefined : percent((1 - idle / all) * 100),
    memoryTotalBytes: total,
    memoryUsedBytes: less(total, available),
    diskTotalBytes: diskTotal,
    diskUsedBytes: less(diskTotal, diskFree),
    load1: now('node_load1'),
    load5: now('node_load5'),
    load15: now('node_load15'),
    networkReceiveBytesPerSecond: perSecond(grown('node_network_receive_bytes_total', isPhysical)),
    networkTransmitBytesPerSecond: perSecond(grown('node_network_transmit_bytes_total', isPhysical)),
  }
  const nodeName = target.nodeName ?? ''
  const event = {
    id: idOf(['node', target.clusterName, nodeName, page.timeUnixMs]),
    kind: 'node-sample',
    timeUnixMs: page.timeUnixMs,
    clusterName: target.clusterName,
    nodeName,
  }
  const measured = Object.entries(fields).filter(([, value]) => value !== undefined)
  return measured.length === 0 ? [] : [{ ...event, ...Object.fromEntries(measured) }]
}

/** The events of one page; `before` is the page of the former scrape of the same target, for rates. */
export function translatePage(page: ScrapedPage, target: ScrapeTarget, before?: ScrapedPage): readonly BudEvent[] {
  const { source } = target
  if (source === 'node') return toNodeSample(page, target, before)
  if (source === 'dcgm' || source === 'hami') return toDeviceSamples(page, target, source)
  return toEngineSamples(page, target, source)
}
