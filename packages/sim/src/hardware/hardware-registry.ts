/** The hardware that is known, from cited JSON files. */
import type { HardwareProfile, Precision } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { findSimilar } from '../similar-names.ts'
import amd from './profiles/amd.json' with { type: 'json' }
import apple from './profiles/apple.json' with { type: 'json' }
import aws from './profiles/aws.json' with { type: 'json' }
import google from './profiles/google.json' with { type: 'json' }
import intel from './profiles/intel.json' with { type: 'json' }
import nvidia from './profiles/nvidia.json' with { type: 'json' }

/** Where one number comes from. */
export interface Citation {
  readonly title: string
  readonly url: string
  /** The day on which the number was last compared with other sources. */
  readonly checkedAt: string
}

export interface HardwareDescription extends HardwareProfile {
  readonly aliases: readonly string[]
  /** Field to citation: `memoryBytes`, `memoryBandwidthBytesPerSecond`, `flopsPerSecond.bf16`, `link.bandwidthBytesPerSecond`, … */
  readonly citations: Readonly<Record<string, Citation>>
}

/** The architecture of a machine that was measured: its rates are reached, not those of a datasheet. */
export const probedGeneration = 'probed'

interface Cited {
  readonly value: number
  readonly source: string
}
interface ProfileFile {
  readonly vendor: string
  readonly sources: Readonly<Record<string, Citation>>
  readonly profiles: readonly {
    readonly id: string
    readonly name: string
    readonly generation: string
    readonly kind: string
    readonly aliases?: readonly string[]
    readonly devicesPerNode: number
    readonly memoryBytes: Cited
    readonly memoryBandwidthBytesPerSecond: Cited
    readonly flopsPerSecond: Readonly<Partial<Record<Precision, Cited>>>
    readonly link?: { readonly kind: string; readonly bandwidthBytesPerSecond: Cited; readonly latencySeconds: Cited }
    readonly powerWatts?: Cited
  }[]
}

const kinds = ['gpu', 'hpu', 'tpu', 'npu', 'cpu'] as const

function describe(file: ProfileFile, profile: ProfileFile['profiles'][number]): HardwareDescription {
  const citations: Record<string, Citation> = {}
  const take = (field: string, cited: Cited): number => {
    const source = file.sources[cited.source]
    if (source !== undefined) citations[field] = source
    return cited.value
  }
  const flopsPerSecond = Object.fromEntries(
    Object.entries(profile.flopsPerSecond).map(([precision, cited]) => [precision, take(`flopsPerSecond.${precision}`, cited)]),
  )
  const link =
    profile.link === undefined
      ? undefined
      : {
          kind: profile.link.kind,
          bandwidthBytesPerSecond: take('link.bandwidthBytesPerSecond', profile.link.bandwidthBytesPerSecond),
          latencySeconds: take('link.latencySeconds', profile.link.latencySeconds),
        }
  const memoryBytes = take('memoryBytes', profile.memoryBytes)
  const memoryBandwidthBytesPerSecond = take('memoryBandwidthBytesPerSecond', profile.memoryBandwidthBytesPerSecond)
  const powerWatts = profile.powerWatts === undefined ? {} : { powerWatts: take('powerWatts', profile.powerWatts) }
  return {
    id: profile.id,
    name: profile.name,
    vendor: file.vendor,
    kind: kinds.find((kind) => kind === profile.kind) ?? 'gpu',
    generation: profile.generation,
    devicesPerNode: profile.devicesPerNode,
    memoryBytes,
    memoryBandwidthBytesPerSecond,
    flopsPerSecond,
    link,
    ...powerWatts,
    source: [...new Set(Object.values(citations).map(({ title, checkedAt }) => `${title} (${checkedAt})`))].join('; '),
    aliases: profile.aliases ?? [],
    citations,
  }
}

const all: readonly HardwareDescription[] = ([nvidia, amd, intel, google, aws, apple] as readonly ProfileFile[]) // The files are checked against this shape by a test; JSON imports lose the literal types.
  .flatMap((file) => file.profiles.map((profile) => Object.freeze(describe(file, profile))))

const byName = new Map(all.flatMap((hardware) => [hardware.id, ...hardware.aliases].map((name) => [name, hardware] as const)))

/** Every known device, in the order of the files. */
export const listHardware = (): readonly HardwareDescription[] => all

/** The ids of all devices, those first that resemble what was asked for. */
function hardwareIdsNear(asked: string): readonly string[] {
  const similar = findSimilar(asked, [...byName.keys()]).flatMap((name) => byName.get(name)?.id ?? [])
  return [...new Set([...similar, ...all.map(({ id }) => id)])]
}

/** Ids are lower-case with dashes; the vendor's name may stand before, as drivers write it (`NVIDIA A100-SXM4-80GB`). */
const toName = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s]+/g, '-')
    .replace(/^(?:nvidia|amd|intel|habana)-(?:instinct-)?/, '')

/** The device with this id or alias; `_` and spaces are read as `-`, and a vendor's name before it is passed over. @throws SIM_HARDWARE_UNKNOWN naming all ids, similar ones first. */
export function findHardware(hardwareId: string): HardwareDescription {
  const found = byName.get(toName(hardwareId))
  if (found === undefined) throw simErrors.HARDWARE_UNKNOWN({ hardwareId, known: hardwareIdsNear(hardwareId) })
  return found
}
