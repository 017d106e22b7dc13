/** Pages of exporters, read and translated. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { metricsErrors } from '../../src/errors.ts'
import { parseExposition } from '../../src/scrape/exposition.ts'
import { translatePage } from '../../src/scrape/translate.ts'

const timeUnixMs = 1_790_000_000_000
const page = (text: string, at = timeUnixMs) => ({ samples: parseExposition(text), timeUnixMs: at })

test('labels come back as they were, whatever is in them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true, noDefaultInfinity: true }), (label, value) => {
      const text = label.replace(/[\r\u0085\u2028\u2029]/g, '')
      const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
      expect(parseExposition(`# TYPE x gauge\nx{a="${escaped}",b="}"} ${String(value)}\n`)).toEqual([
        { name: 'x', labels: { a: text, b: '}' }, value: Number(String(value)), timeUnixMs: undefined },
      ])
    }),
  )
})

test('a line that is no sample is named by its number', () => {
  expect(() => parseExposition('up 1\nnot a sample at all {')).toThrow(
    metricsErrors.EXPOSITION_INVALID({ line: 2, text: 'not a sample at all {' }).message,
  )
})

test('times are milliseconds in the old format and seconds in OpenMetrics', () => {
  expect(parseExposition('up 1 1790000000000')[0]?.timeUnixMs).toBe(1_790_000_000_000)
  expect(parseExposition('up 1 1790000000\n# EOF')[0]?.timeUnixMs).toBe(1_790_000_000_000)
})

test('ranks of one vLLM engine add up, and its cache use is their mean', () => {
  const text = `vllm:num_requests_running{engine="0",model_name="llama"} 3.0
vllm:num_requests_running{engine="1",model_name="llama"} 4.0
vllm:kv_cache_usage_perc{engine="0",model_name="llama"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="llama"} 0.75
vllm:prompt_tokens_total{engine="0",model_name="llama"} 1.5e+06
python_info{version="3.12"} 1.0
`
  const [event] = translatePage(page(text), { source: 'vllm', clusterName: 'c', targetId: 't' })
  expect(event).toMatchObject({
    kind: 'engine-sample',
    model: 'llama',
    runningRequests: 7,
    kvCacheUtilisation: 0.5,
    inputTokensTotal: 1.5e6,
  })
})

test('SGLang and TGI have names of their own', () => {
  const sglang = translatePage(page('sglang:num_running_reqs{model_name="m"} 2\nsglang:token_usage{model_name="m"} 0.5'), {
    source: 'sglang',
    clusterName: 'c',
  })
  expect(sglang[0]).toMatchObject({ engine: 'sglang', runningRequests: 2, kvCacheUtilisation: 0.5 })
  const tgi = translatePage(page('tgi_queue_size 5\ntgi_batch_current_size 8'), { source: 'tgi', clusterName: 'c' })
  expect(tgi[0]).toMatchObject({ engine: 'tgi', waitingRequests: 5, runningRequests: 8 })
})

test('DCGM counts mebibytes and percent, and total memory is what is used and free', () => {
  const labels = '{gpu="0",UUID="GPU-1",modelName="NVIDIA H100",Hostname="node-1",exported_pod="llama-0"}'
  const text = `DCGM_FI_DEV_GPU_UTIL${labels} 87\nDCGM_FI_DEV_FB_USED${labels} 1024\nDCGM_FI_DEV_FB_FREE${labels} 3072\nDCGM_FI_DEV_POWER_USAGE${labels} 412.5`
  expect(translatePage(page(text), { source: 'dcgm', clusterName: 'c' })).toEqual([
    expect.objectContaining({
      deviceId: 'GPU-1',
      nodeName: 'node-1',
      podName: 'llama-0',
      utilisation: 0.87,
      memoryUsedBytes: 2 ** 30,
      memoryTotalBytes: 2 ** 32,
      powerWatts: 412.5,
    }),
  ])
})

test('HAMi tells what of a shared device is handed out', () => {
  const labels = '{deviceuuid="GPU-1",nodeid="node-1",devicetype="NVIDIA A100"}'
  const [event] = translatePage(page(`GPUDeviceCoreAllocated${labels} 60\nGPUDeviceSharedNum${labels} 3`), {
    source: 'hami',
    clusterName: 'c',
  })
  expect(event).toMatchObject({ kind: 'device-sample', coreAllocatedShare: 0.6, sharedContainers: 3, hardwareId: 'NVIDIA A100' })
})

test('rates of a node need two pages, and a restart gives none', () => {
  const target = { source: 'node', clusterName: 'c', nodeName: 'n' } as const
  const text = (idle: number, user: number, bytes: number) =>
    `node_cpu_seconds_total{cpu="0",mode="idle"} ${String(idle)}\nnode_cpu_seconds_total{cpu="0",mode="user"} ${String(user)}
node_network_receive_bytes_total{device="eth0"} ${String(bytes)}\nnode_network_receive_bytes_total{device="lo"} 9e9\nnode_load1 0.5`
  const [first, second] = [page(text(100, 50, 1000)), page(text(107, 53, 6000), timeUnixMs + 10_000)]
  expect(translatePage(first, target)[0]).not.toHaveProperty('cpuUtilisation')
  expect(translatePage(second, target, first)[0]).toMatchObject({ cpuCores: 1, load1: 0.5, networkReceiveBytesPerSecond: 500 })
  expect(translatePage(second, target, first)[0]).toHaveProperty('cpuUtilisation', expect.closeTo(0.3))
  expect(translatePage(page(text(1, 1, 1), timeUnixMs + 20_000), target, second)[0]).not.toHaveProperty('networkReceiveBytesPerSecond')
})
