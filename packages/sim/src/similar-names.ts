/** Finds the names that somebody may have meant. */

/** Pairs of neighbouring letters, ignoring case and punctuation. */
function pairs(name: string): ReadonlySet<string> {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return new Set(Array.from({ length: Math.max(0, plain.length - 1) }, (_, index) => plain.slice(index, index + 2)))
}

/** At most three names that share the most letter pairs with the one that was not found. */
export function findSimilar(name: string, known: readonly string[]): readonly string[] {
  const wanted = pairs(name.slice(0, 200))
  return known
    .map((candidate) => {
      const own = pairs(candidate)
      const shared = [...own].filter((pair) => wanted.has(pair)).length
      return { candidate, score: (2 * shared) / Math.max(1, own.size + wanted.size) }
    })
    .filter(({ score }) => score > 0.35)
    .sort((left, right) => right.score - left.score)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}
