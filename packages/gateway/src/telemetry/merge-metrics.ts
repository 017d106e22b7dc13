/** One text of metrics from those of several processes: counters and histograms are summed, gauges by what they mean. */

interface Family {
  /** `# HELP` and `# TYPE`, as written. */
  readonly head: readonly string[]
  readonly type: string
  /** By name and labels, as written, in order of first sight. */
  readonly samples: Map<string, { sum: number; count: number }>
}

/** Gauges that say how it stands in one process: the whole shows their mean. All other gauges are amounts, and are summed. */
const meanGauges = new Set(['bud_gateway_target_healthy'])

const headPattern = /^# (HELP|TYPE) (\S+) (.*)$/

/** Adds a text of our own making to what there is. */
function addText(families: Map<string, Family>, text: string, wanted: (type: string) => boolean): void {
  let help = ''
  let family: Family | undefined
  for (const line of text.split('\n')) {
    const [, kind, name, rest] = headPattern.exec(line) ?? []
    if (kind === 'HELP') help = line
    else if (kind === 'TYPE' && name !== undefined && rest !== undefined) {
      family = families.get(name)
      if (!wanted(rest)) family = undefined
      else if (family === undefined) {
        family = { head: [help, line], type: rest, samples: new Map() }
        families.set(name, family)
      }
    } else if (family !== undefined && line !== '') addSample(family, line)
  }
}

function addSample({ samples }: Family, line: string): void {
  const at = line.lastIndexOf(' ')
  const series = line.slice(0, at)
  const value = Number(line.slice(at + 1))
  const known = samples.get(series)
  if (known === undefined) samples.set(series, { sum: value, count: 1 })
  else {
    known.sum += value
    known.count += 1
  }
}

function render(families: ReadonlyMap<string, Family>): string {
  const lines: string[] = []
  for (const [name, { head, samples }] of families) {
    lines.push(...head)
    for (const [series, { sum, count }] of samples) lines.push(`${series} ${String(meanGauges.has(name) ? sum / count : sum)}`)
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const all = () => true
const isCumulative = (type: string) => type !== 'gauge'

/**
 * @param live Texts of the processes that run.
 * @param retired What processes that have ended had counted, as `retireMetrics` keeps it: without it a sum would fall when one ends.
 */
export function mergeMetrics(live: readonly string[], retired = ''): string {
  const families = new Map<string, Family>()
  for (const text of live) addText(families, text, all)
  addText(families, retired, isCumulative)
  return render(families)
}

/** Adds the counters and histograms of a process that has ended to those of the ones before; its gauges end with it. */
export function retireMetrics(retired: string, text: string): string {
  const families = new Map<string, Family>()
  for (const each of [retired, text]) addText(families, each, isCumulative)
  return render(families)
}
