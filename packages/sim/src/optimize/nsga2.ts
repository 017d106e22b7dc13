/** NSGA-II with constraints over whole-number genes (Deb, Pratap, Agarwal and Meyarivan 2002, IEEE TEC 6(2)). Pure. */
import type { Random } from '@bud-foundry/core'
import { nonDominated } from './pareto.ts'

/** What a genome is worth: lower is better everywhere, and a violation of 0 means that it is allowed. */
export interface Fitness {
  readonly violation: number
  readonly objectives: readonly number[]
}

export interface EvolveOptions {
  /** Values of each gene: 0 to cardinality − 1. */
  readonly cardinalities: readonly number[]
  /** Asked once for each genome. */
  readonly evaluate: (genome: readonly number[]) => Promise<Fitness> | Fitness
  readonly random: Random
  /** @default 96 */
  readonly population?: number
  /** @default 60 */
  readonly generations?: number
  /** Ends early when the front has not changed for so many generations. @default 15 */
  readonly patience?: number
}

export interface Individual {
  readonly genome: readonly number[]
  readonly fitness: Fitness
}

interface Ranked extends Individual {
  rank: number
  crowding: number
}

/** Constrained domination: allowed before forbidden, the lesser violation before the greater, then Pareto. */
function dominates(left: Fitness, right: Fitness): boolean {
  if (left.violation !== right.violation) return left.violation < right.violation
  let better = false
  for (const [index, value] of left.objectives.entries()) {
    const other = right.objectives[index] ?? 0
    if (value > other) return false
    if (value < other) better = true
  }
  return better
}

/** Fronts, the best first. */
function sortFronts(individuals: readonly Ranked[]): Ranked[][] {
  const beats = individuals.map((): number[] => [])
  const beatenBy = new Int32Array(individuals.length)
  for (const [at, left] of individuals.entries())
    for (let other = at + 1; other < individuals.length; other += 1) {
      const right = individuals[other]
      if (right === undefined) continue
      if (dominates(left.fitness, right.fitness)) {
        beats[at]?.push(other)
        beatenBy[other] = (beatenBy[other] ?? 0) + 1
      } else if (dominates(right.fitness, left.fitness)) {
        beats[other]?.push(at)
        beatenBy[at] = (beatenBy[at] ?? 0) + 1
      }
    }
  const fronts: Ranked[][] = []
  let front = individuals.map((_, index) => index).filter((index) => beatenBy[index] === 0)
  while (front.length > 0) {
    const members = front.flatMap((index) => individuals[index] ?? [])
    for (const member of members) member.rank = fronts.length
    fronts.push(members)
    const next: number[] = []
    for (const index of front)
      for (const other of beats[index] ?? []) {
        beatenBy[other] = (beatenBy[other] ?? 0) - 1
        if (beatenBy[other] === 0) next.push(other)
      }
    front = next
  }
  return fronts
}

/** Distance to the neighbours in each objective; ends are kept. */
function crowd(front: Ranked[]): void {
  for (const member of front) member.crowding = 0
  const count = front[0]?.fitness.objectives.length ?? 0
  for (let objective = 0; objective < count; objective += 1) {
    const value = (member: Ranked | undefined) => member?.fitness.objectives[objective] ?? 0
    const sorted = [...front].sort((left, right) => value(left) - value(right))
    const span = value(sorted.at(-1)) - value(sorted[0])
    for (const [index, member] of sorted.entries()) {
      if (index === 0 || index === sorted.length - 1) member.crowding = Infinity
      else if (span > 0) member.crowding += (value(sorted[index + 1]) - value(sorted[index - 1])) / span
    }
  }
}

const better = (left: Ranked, right: Ranked): Ranked =>
  left.rank !== right.rank ? (left.rank < right.rank ? left : right) : left.crowding >= right.crowding ? left : right

/** The allowed genomes that nothing beats, or the least forbidden ones where none is allowed. The same random source gives the same answer. */
export async function evolve(options: EvolveOptions): Promise<readonly Individual[]> {
  const { cardinalities, evaluate, random, population = 96, generations = 60, patience = 15 } = options
  const known = new Map<string, Ranked>()
  const pick = (below: number) => Math.floor(random.next() * below)
  const judge = async (genome: readonly number[]): Promise<Ranked> => {
    const key = genome.join()
    const seen = known.get(key)
    if (seen !== undefined) return seen
    const made = { genome, fitness: await evaluate(genome), rank: 0, crowding: 0 }
    known.set(key, made)
    return made
  }
  const anyGenome = () => cardinalities.map(pick)
  let parents: Ranked[] = []
  const distinct = new Set<Ranked>()
  for (let tries = 0; distinct.size < population && tries < population * 3; tries += 1) distinct.add(await judge(anyGenome()))
  parents = [...distinct]
  rankAll(parents)
  let unchanged = 0
  let front = keyOf(parents)
  for (let generation = 0; generation < generations && unchanged < patience; generation += 1) {
    const tournament = () => {
      const [left, right] = [parents[pick(parents.length)], parents[pick(parents.length)]]
      return left === undefined || right === undefined ? anyGenome() : better(left, right).genome
    }
    const pool = new Set(parents)
    for (let child = 0; child < population; child += 1) {
      const [mother, father] = [tournament(), tournament()]
      // Uniform crossover, and one mutated gene in the mean.
      const genome = cardinalities.map((cardinality, gene) =>
        random.next() < 1 / cardinalities.length ? pick(cardinality) : ((random.next() < 0.5 ? mother[gene] : father[gene]) ?? 0),
      )
      pool.add(await judge(genome))
    }
    parents = survive([...pool], population)
    const now = keyOf(parents)
    unchanged = now === front ? unchanged + 1 : 0
    front = now
  }
  const least = Math.min(...parents.map(({ fitness }) => fitness.violation))
  const allowed = [...known.values()].filter(({ fitness }) => fitness.violation === least)
  return nonDominated(allowed, ({ fitness }) => fitness.objectives)
}

function rankAll(individuals: Ranked[]): Ranked[][] {
  const fronts = sortFronts(individuals)
  for (const front of fronts) crowd(front)
  return fronts
}

/** Whole fronts as long as they fit, then the least crowded of the next. */
function survive(pool: Ranked[], population: number): Ranked[] {
  const survivors: Ranked[] = []
  for (const front of rankAll(pool)) {
    const room = population - survivors.length
    if (room <= 0) break
    survivors.push(...(front.length <= room ? front : front.sort((left, right) => right.crowding - left.crowding).slice(0, room)))
  }
  return survivors
}

const keyOf = (individuals: readonly Ranked[]): string =>
  individuals
    .filter(({ rank }) => rank === 0)
    .map(({ fitness }) => fitness.objectives.join())
    .sort()
    .join(';')
