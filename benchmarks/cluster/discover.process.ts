/** Discovers the devices of one cluster in a process of its own, so that its memory is that of discovery. Prints one JSON line. */
import { createSecret } from '@bud-foundry/core'
import { connectKubernetes, readInventory, toDevices } from '@bud-foundry/cluster'

const [server = ''] = process.argv.slice(2)
const never = new AbortController().signal
const kubeconfig = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  clusters: [{ name: 'a', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'a', user: { token: 'token' } }],
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
})
await using api = connectKubernetes({ kubeconfig: createSecret(kubeconfig) })
const startMs = performance.now()
const inventory = await readInventory(api, never)
const readMs = performance.now() - startMs
const { devices } = toDevices(inventory)
const ms = performance.now() - startMs
// What a change costs once everything is known: the answer anew, without a request.
const againMs = performance.now()
toDevices(inventory)
const incrementalMs = performance.now() - againMs
const count = devices.reduce((sum, device) => sum + device.count, 0)
const available = devices.reduce((sum, device) => sum + (device.available ?? 0), 0)
// Kilobytes.
const rssMb = process.resourceUsage().maxRSS / 1024
console.log(
  JSON.stringify({ ms, readMs, incrementalMs, rssMb, nodes: inventory.nodes.length, pods: inventory.pods.length, count, available }),
)
