/** A strict reader of the Prometheus text exposition format 0.0.4: throws on whatever a scraper would refuse, or promtool would warn of. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelPattern = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|(?=\}))/
const valuePattern = /^ ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf|NaN))$/i
const types = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

const unescape = (text: string): string => text.replace(/\\(["\\n])/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter))

function readSample(line: string): Sample {
  const name = namePattern.exec(line)?.[0]
  if (name === undefined) throw new Error(`no metric name: ${line}`)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const [all, label, value] = labelPattern.exec(rest) ?? []
      if (all === undefined || label === undefined || value === undefined) throw new Error(`malformed label at '${rest}'`)
      if (label in labels) throw new Error(`label '${label}' twice: ${line}`)
      labels[label] = unescape(value)
      rest = rest.slice(all.length)
    }
    rest = rest.slice(1)
  }
  const value = valuePattern.exec(rest)?.[1]
  if (value === undefined) throw new Error(`malformed value: ${line}`)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

const suffixes: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] }

function checkHistogram(family: Family): void {
  const groups = new Map<string, { buckets: [number, number][]; count?: number; sum?: number }>()
  for (const { name, labels, value } of family.samples) {
    const { le, ...others } = labels
    const key = JSON.stringify(others)
    const group = groups.get(key) ?? { buckets: [] }
    groups.set(key, group)
    if (name.endsWith('_bucket')) group.buckets.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value])
    else if (name.endsWith('_count')) group.count = value
    else group.sum = value
  }
  for (const [key, { buckets, count, sum }] of groups) {
    for (const [index, [bound, total]] of buckets.entries()) {
      const [earlierBound, earlierTotal] = buckets[index - 1] ?? [Number.NEGATIVE_INFINITY, 0]
      if (!(bound > earlierBound) || total < earlierTotal) throw new Error(`buckets of ${family.name}${key} do not ascend`)
    }
    const [lastBound, lastTotal] = buckets.at(-1) ?? []
    if (lastBound !== Number.POSITIVE_INFINITY || lastTotal !== count) throw new Error(`+Inf of ${family.name}${key} is not its count`)
    if (sum === undefined) throw new Error(`${family.name}${key} has no sum`)
  }
}

function checkFamily(family: Family): void {
  const allowed = (suffixes[family.type] ?? ['']).map((suffix) => family.name + suffix)
  const seen = new Set<string>()
  for (const sample of family.samples) {
    if (!allowed.includes(sample.name)) throw new Error(`'${sample.name}' does not belong to the ${family.type} ${family.name}`)
    const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort())
    if (seen.has(key)) throw new Error(`series twice: ${key}`)
    seen.add(key)
  }
  if (family.type === 'counter' && !family.name.endsWith('_total')) throw new Error(`counter ${family.name} does not end in _total`)
  if (family.type === 'histogram') checkHistogram(family)
}

export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  let help: readonly [name: string, text: string] | undefined
  let family: Family | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helpName, helpText] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
    const [, typeName, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (helpName !== undefined && helpText !== undefined) help = [helpName, helpText]
    else if (typeName !== undefined && type !== undefined) {
      if (!types.has(type) || families.has(typeName) || help?.[0] !== typeName) throw new Error(`unexpected: ${line}`)
      family = { name: typeName, type, help: help[1], samples: [] }
      families.set(typeName, family)
    } else if (family === undefined) throw new Error(`a sample before its type: ${line}`)
    else family.samples.push(readSample(line))
  }
  for (const each of families.values()) checkFamily(each)
  return families
}
