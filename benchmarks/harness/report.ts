/** Writes a result file and ends with the one JSON line that tools read. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Numbers, or `null` with the reason in `reasons`. */
export interface BenchmarkResult {
  readonly bench: string
  readonly quick: boolean
  readonly measures: Readonly<Record<string, number | null>>
  readonly reasons: Readonly<Record<string, string>>
  readonly details: unknown
}

const commit = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

const round = (value: number | null) => (value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4)))

export function report({ bench, quick, measures, reasons, details }: BenchmarkResult, loadAverage: number): void {
  const line = {
    bench,
    commit: commit(),
    node: process.version,
    loadAverage: round(loadAverage),
    measures: Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, round(value)])),
    ...(Object.keys(reasons).length === 0 ? {} : { reasons }),
  }
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem() }
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = fileURLToPath(new URL(`${bench}${quick ? '-quick' : ''}.json`, folder))
  writeFileSync(file, `${JSON.stringify({ ...line, date: new Date().toISOString(), machine, details }, undefined, 2)}\n`)
  console.log(`\nresult file: benchmarks/results/${bench}${quick ? '-quick' : ''}.json`)
  console.log(JSON.stringify(line))
}

export const currentLoadAverage = (): number => loadavg()[0] ?? Number.NaN
