/** The devices that a page of NVIDIA's DCGM exporter tells of: what they are, on which node, and which of them a pod holds. */
import { deviceSchema, type Device, type Finding } from '@bud-foundry/core'
import { nvidiaHardwareId, nvidiaProductName } from './hardware-names.ts'
import { dcgmLinesMax } from '../limits.ts'

/** One physical device, by its UUID. */
export interface DcgmDevice {
  readonly uuid: string
  readonly nodeName: string
  readonly product: string
  readonly hardwareId: string | undefined
  /** MIG has cut it. */
  readonly isCut: boolean
  /** A pod holds it or a part of it. */
  readonly isHeld: boolean
}

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const unescape = (value: string) => value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))

/** Labels of a sample of a device's field, undefined for every other line. */
function labelsOf(line: string): Readonly<Record<string, string>> | undefined {
  const [, text] = /^DCGM_FI_\w+\{(.*)\}\s/.exec(line) ?? []
  if (text === undefined) return undefined
  return Object.fromEntries([...text.matchAll(labelPattern)].map(([, name = '', value = '']) => [name, unescape(value)]))
}

/**
 * Pure. Every field of a device names it anew, and each instance of MIG by itself: a device is one UUID.
 * @param nodeName Of pages without a `Hostname` label.
 */
export function parseDcgmPage(page: string, nodeName = ''): readonly DcgmDevice[] {
  const devices = new Map<string, DcgmDevice>()
  for (const line of page.split('\n', dcgmLinesMax)) {
    const labels = labelsOf(line)
    const uuid = labels?.['UUID']
    if (labels === undefined || uuid === undefined) continue
    const product = nvidiaProductName(labels['modelName'] ?? '')
    const before = devices.get(uuid)
    // Prometheus renames labels that its own target has as well.
    const pod = labels['exported_pod'] ?? labels['pod'] ?? ''
    devices.set(uuid, {
      uuid,
      nodeName: labels['Hostname'] ?? nodeName,
      product,
      hardwareId: nvidiaHardwareId(product),
      isCut: before?.isCut === true || (labels['GPU_I_ID'] ?? '') !== '',
      isHeld: before?.isHeld === true || pod !== '',
    })
  }
  return [...devices.values()]
}

/** As devices that `sim` takes, for machines whose cluster has no device plugin or no labels. Pure. */
export function devicesOfDcgm(
  page: string,
  nodeName?: string,
): { readonly devices: readonly Device[]; readonly findings: readonly Finding[] } {
  const groups = Map.groupBy(parseDcgmPage(page, nodeName), (device) => `${device.nodeName} ${device.product} ${String(device.isCut)}`)
  const devices: Device[] = []
  const findings: Finding[] = []
  for (const members of groups.values()) {
    const [first] = members
    if (first === undefined) continue
    if (first.hardwareId === undefined) {
      const message = `${String(members.length)} × '${first.product}' on node ${first.nodeName} have no hardware profile: name the hardware to sim yourself`
      findings.push({ severity: 'warning', field: first.nodeName, message })
      continue
    }
    devices.push(
      deviceSchema.parse({
        hardwareId: first.hardwareId,
        count: members.length,
        available: members.filter(({ isHeld }) => !isHeld).length,
        ...(first.nodeName === '' ? {} : { nodeName: first.nodeName }),
        sharing: first.isCut ? 'mig' : 'whole',
      }),
    )
  }
  return { devices, findings }
}
