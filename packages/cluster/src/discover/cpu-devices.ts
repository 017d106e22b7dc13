/** The processors of one node by what node feature discovery says of them: one device is one socket, as in the profiles of `sim`. */
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { parseQuantity, type NodeFields } from './node-schemas.ts'

interface Processor {
  readonly hardwareId: string
  /** In a name such as `AMD-EPYC-9654-96-Core-Processor`. */
  readonly name: RegExp
  /** As CPUID and `feature.node.kubernetes.io/cpu-model.*` number it (developer.amd.com and Intel's SDM, volume 4, table 2-1). */
  readonly model: string
  readonly coresPerSocket: number
}

const processors: readonly Processor[] = [
  { hardwareId: 'epyc-9554', name: /EPYC\W+9554/i, model: 'AMD 25 17', coresPerSocket: 64 },
  { hardwareId: 'epyc-9654', name: /EPYC\W+9654/i, model: 'AMD 25 17', coresPerSocket: 96 },
  { hardwareId: 'epyc-9755', name: /EPYC\W+9755/i, model: 'AMD 26 2', coresPerSocket: 128 },
  { hardwareId: 'epyc-9965', name: /EPYC\W+9965/i, model: 'AMD 26 17', coresPerSocket: 192 },
  { hardwareId: 'xeon-8480', name: /Xeon.*\b8480/i, model: 'Intel 6 143', coresPerSocket: 56 },
  { hardwareId: 'xeon-8592', name: /Xeon.*\b8592/i, model: 'Intel 6 207', coresPerSocket: 64 },
  { hardwareId: 'xeon-6767p', name: /Xeon.*\b6767P/i, model: 'Intel 6 173', coresPerSocket: 64 },
  { hardwareId: 'xeon-6980p', name: /Xeon.*\b6980P/i, model: 'Intel 6 173', coresPerSocket: 128 },
]

const prefix = 'feature.node.kubernetes.io/'
const socketsMax = 2

/** What the labels of a node say of its processors. */
export interface FoundProcessors {
  /** `AMD 25 17`, or the name if a label has it. */
  readonly product: string
  /** Undefined when no profile has so many cores, or more than one has. */
  readonly hardwareId: string | undefined
  /** Sockets; 0 while no profile is known. */
  readonly count: number
  /** Processors as Kubernetes counts them, of one socket. */
  readonly threadsPerSocket: number
}

/** Undefined where node feature discovery says nothing of processors. */
export function processorsOfNode({ metadata: { labels = {} } }: KubernetesObject, { status }: NodeFields): FoundProcessors | undefined {
  const [vendor, family, id] = ['vendor_id', 'family', 'id'].map((name) => labels[`${prefix}cpu-model.${name}`])
  // The full name is no label of NFD itself; a local source of it, as Bud's chart has, writes this one.
  const name = labels[`${prefix}local-cpu.model`]
  if (name === undefined && (vendor === undefined || family === undefined || id === undefined)) return undefined
  const model = `${vendor ?? ''} ${family ?? ''} ${id ?? ''}`
  const threadsPerCore = labels[`${prefix}cpu-hardware_multithreading`] === 'true' ? 2 : 1
  const threads = parseQuantity(status.capacity['cpu'] ?? status.allocatable['cpu'] ?? 0)
  const fitting = processors
    .filter((processor) => (name === undefined ? processor.model === model : processor.name.test(name)))
    .map(({ hardwareId, coresPerSocket }) => {
      const threadsPerSocket = coresPerSocket * threadsPerCore
      return { hardwareId, threadsPerSocket, count: threads / threadsPerSocket }
    })
    // A virtual machine has a part of a socket: what a whole one does says nothing of it.
    .filter(({ count }) => Number.isInteger(count) && count >= 1 && count <= socketsMax)
  const [only] = fitting
  const product = name ?? model
  if (only === undefined || fitting.length > 1) return { product, hardwareId: undefined, count: 0, threadsPerSocket: 0 }
  return { product, ...only }
}

/** Of every node the system takes a part: a socket is free while pods leave three quarters of it. */
const systemShare = 0.25

/** Sockets of which pods that run leave enough. */
export const freeSockets = ({ count, threadsPerSocket }: FoundProcessors, requestedCpus: number): number =>
  Math.max(0, Math.min(count, Math.floor(count - requestedCpus / threadsPerSocket + systemShare)))
