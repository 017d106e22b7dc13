/** Which tables answer a question: the coarsest rollups that cut at its edges with raw rows at the ends, or raw rows alone where those are fewer. */
import type { RollupFamily, RollupLevel } from '../migrate/0003-rollups.ts'
import { rollupFamilies } from '../rollup/families.ts'
import { aggregateSql, type AggregateName, type AggregateSql } from './aggregate.ts'
import { dimensions, type DimensionName } from './dimension.ts'
import type { Selection, SourceChoice } from './request-engine.ts'
import type { TableSizes } from './table-sizes.ts'
import { bucketStartUs, countBuckets, type TimeWindow } from './window.ts'

/** How a level cuts time into rows. */
interface Grid {
  /** Start of the row that an instant falls in. */
  readonly floor: (us: number) => number
  /** Start of the row after the one that starts there. */
  readonly next: (us: number) => number
  /** Of every row; absent: they differ. */
  readonly lengthUs?: number
}

const every = (lengthUs: number): Grid => ({
  floor: (us) => Math.floor(us / lengthUs) * lengthUs,
  next: (us) => us + lengthUs,
  lengthUs,
})

const monthStartUs = (us: number, later: number): number => {
  const date = new Date(Math.floor(us / 1000))
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1) * 1000
}

const grids: Readonly<Record<RollupLevel['name'], Grid>> = {
  minute: every(60_000_000),
  hour: every(3_600_000_000),
  day: every(86_400_000_000),
  month: { floor: (us) => monthStartUs(us, 0), next: (us) => monthStartUs(us, 1) },
}

const ceil = ({ floor, next }: Grid, us: number): number => (floor(us) === us ? us : next(floor(us)))

/** A piece of the window and the table that holds it: `requests`, or a level of the family. */
export interface Tile {
  readonly table: string
  readonly fromUs: number
  readonly toUs: number
}

export interface Source {
  /** Undefined: raw rows alone. */
  readonly family: RollupFamily | undefined
  readonly tiles: readonly Tile[]
}

export interface SourceNeeds {
  readonly selection: Selection
  readonly aggregates: readonly AggregateName[]
  readonly groupBy: readonly DimensionName[]
  readonly from: SourceChoice
  /** Absent: rollups are taken to be the smaller tables. */
  readonly sizes?: TableSizes | undefined
}

const columnsOf = (family: RollupFamily): ReadonlySet<string> => new Set([...family.dimensions, ...family.columns.map(({ name }) => name)])

/** The SQL of an aggregate over a family's tables. */
export function rollupSqlOf(family: RollupFamily, name: AggregateName) {
  const has = columnsOf(family)
  const { rollups = [] }: AggregateSql = aggregateSql[name]
  return rollups.find(({ columns }) => columns.every((column) => has.has(column)))
}

function canAnswer(family: RollupFamily, { selection, aggregates, groupBy }: SourceNeeds): boolean {
  // Safe: the keys of filters are dimensions.
  const filtered = Object.keys(selection.filters) as readonly DimensionName[]
  const has = new Set(family.dimensions)
  if (selection.scope.kind === 'projects' && !has.has('project_id')) return false
  return (
    [...groupBy, ...filtered].every((name) => dimensions[name].columns.every((column) => has.has(column))) &&
    aggregates.every((name) => rollupSqlOf(family, name) !== undefined)
  )
}

/** Every edge between two buckets must be one between two rows of the rollup. */
function cutsAtEdges(window: TimeWindow, { floor, lengthUs }: Grid): boolean {
  const isEdge = (us: number) => floor(us) === us
  if (window.edgesUs !== undefined) return window.edgesUs.slice(1).every(isEdge)
  const { intervalUs } = window
  const buckets = countBuckets(window)
  if (intervalUs === undefined || buckets < 2) return true
  // Of buckets of one length the first edge and the length tell of all.
  const areAllEdges = buckets === 2 || (lengthUs !== undefined && intervalUs % lengthUs === 0)
  return areAllEdges && isEdge(bucketStartUs(window, 1))
}

interface Step {
  readonly table: string
  readonly grid: Grid
}

function tile(fromUs: number, toUs: number, steps: readonly Step[]): readonly Tile[] {
  const [coarsest, ...finer] = steps
  if (fromUs >= toUs) return []
  if (coarsest === undefined) return [{ table: 'requests', fromUs, toUs }]
  const first = ceil(coarsest.grid, fromUs)
  const last = coarsest.grid.floor(toUs)
  if (first >= last) return tile(fromUs, toUs, finer)
  return [...tile(fromUs, first, finer), { table: coarsest.table, fromUs: first, toUs: last }, ...tile(last, toUs, finer)]
}

/**
 * Merging a state of quantiles or of distinct users is about as dear as reading so many raw rows: in benchmarks/results/metrics.json the rollup
 * of days has a fifth of the rows, and answers "time to first token by model" in the time that the raw rows take.
 */
const stateWeight = 5

/** At low traffic a rollup has nearly as many rows as there were requests, and each of them is dearer. */
function isRawCheaper(family: RollupFamily, tiles: readonly Tile[], { aggregates, selection, sizes }: SourceNeeds): boolean {
  const { fromUs, toUs } = selection.window
  if (sizes === undefined || fromUs < sizes.rawFromUs) return false
  const read = new Set(aggregates.flatMap((name) => rollupSqlOf(family, name)?.columns ?? []))
  const hasStates = family.columns.some(({ name, type }) => read.has(name) && type.startsWith('AggregateFunction'))
  // Rows are taken to lie evenly in time: what the tables hold of any stretch has the same ratio as the whole.
  const costOf = ({ table, fromUs: from, toUs: to }: Tile) =>
    ((to - from) / (toUs - fromUs)) * sizes.rowsOf(table) * (hasStates && table !== 'requests' ? stateWeight : 1)
  return tiles.reduce((sum, one) => sum + costOf(one), 0) > sizes.rowsOf('requests')
}

/** Families that sum up others first: theirs are the fewest rows. */
const families = rollupFamilies.toSorted((left, right) => Number(left.feed === undefined) - Number(right.feed === undefined))

/** The tables of a family from the finest on; below its own it reads those that feed it, which have the same columns. */
function stepsOf({ name, levels, feed }: RollupFamily): readonly Step[] {
  const own = new Set(levels.map((level) => level.name))
  const finer = feed?.levels.filter((level) => !own.has(level.name)) ?? []
  const step = (family: string, level: RollupLevel): Step => ({ table: `${family}_${level.name}`, grid: grids[level.name] })
  return [...finer.map((level) => step(feed?.name ?? name, level)), ...levels.map((level) => step(name, level))]
}

export function chooseSource(needs: SourceNeeds): Source {
  const { selection, from } = needs
  const { window, ranges, words, tags } = selection
  const raw: Source = { family: undefined, tiles: [{ table: 'requests', fromUs: window.fromUs, toUs: window.toUs }] }
  if (from === 'raw' || ranges !== undefined || words !== undefined || tags !== undefined) return raw
  for (const family of families) {
    if (!canAnswer(family, needs)) continue
    const steps = stepsOf(family)
      .filter(({ grid }) => cutsAtEdges(window, grid))
      .reverse()
    const tiles = tile(window.fromUs, window.toUs, steps)
    if (!tiles.some(({ table }) => table !== 'requests')) continue
    return from === 'auto' && isRawCheaper(family, tiles, needs) ? raw : { family, tiles }
  }
  return raw
}
