/** Finds keywords, however many, in one pass over the text (Aho and Corasick, 1975), and knows how much of its end may still become one. */
import type { Detector, Match } from './detector.ts'

/** Nodes are numbers; 0 is the root, and none. */
interface Trie {
  readonly unit: number[]
  readonly firstChild: number[]
  readonly nextSibling: number[]
  readonly depth: number[]
  /** Length of the longest word that ends there. */
  readonly found: number[]
  /** The node of the longest ending that is a beginning too. */
  readonly fallback: number[]
}

function childOf(trie: Trie, node: number, unit: number): number {
  let child = trie.firstChild[node] ?? 0
  while (child !== 0 && trie.unit[child] !== unit) child = trie.nextSibling[child] ?? 0
  return child
}

function grow(trie: Trie, node: number, unit: number): number {
  const known = childOf(trie, node, unit)
  if (known !== 0) return known
  const child = trie.unit.length
  trie.unit.push(unit)
  trie.firstChild.push(0)
  trie.nextSibling.push(trie.firstChild[node] ?? 0)
  trie.depth.push((trie.depth[node] ?? 0) + 1)
  trie.found.push(0)
  trie.fallback.push(0)
  trie.firstChild[node] = child
  return child
}

function trieOf(words: readonly string[]): Trie {
  const trie: Trie = { unit: [0], firstChild: [0], nextSibling: [0], depth: [0], found: [0], fallback: [0] }
  for (const word of words) {
    let node = 0
    for (let at = 0; at < word.length; at += 1) node = grow(trie, node, word.charCodeAt(at))
    trie.found[node] = word.length
  }
  return trie
}

export class KeywordDetector implements Detector {
  readonly step = 1
  readonly #trie: Trie
  readonly #roots = new Map<number, number>()
  /** The roots of ASCII, where nearly every look ends. */
  readonly #asciiRoots = new Int32Array(128)
  /** Length of the ending that may become a word, or a longer one. */
  readonly #open: number[]

  /** Words in the form of the texts; none is empty. */
  constructor(words: readonly string[]) {
    const trie = (this.#trie = trieOf(words))
    for (let child = trie.firstChild[0] ?? 0; child !== 0; child = trie.nextSibling[child] ?? 0) this.#addRoot(trie.unit[child] ?? 0, child)
    this.#open = new Array<number>(trie.unit.length).fill(0)
    // The shorter ones first: each rests on what is known of them.
    const queue = [...this.#roots.values()]
    for (const node of queue) {
      const fallback = trie.fallback[node] ?? 0
      trie.found[node] = Math.max(trie.found[node] ?? 0, trie.found[fallback] ?? 0)
      this.#open[node] = trie.firstChild[node] === 0 ? (this.#open[fallback] ?? 0) : (trie.depth[node] ?? 0)
      for (let child = trie.firstChild[node] ?? 0; child !== 0; child = trie.nextSibling[child] ?? 0) {
        trie.fallback[child] = this.#next(fallback, trie.unit[child] ?? 0)
        queue.push(child)
      }
    }
  }

  next(text: string, from: number, limit: number): Match | undefined {
    let node = 0
    let start = limit
    let end = 0
    for (let at = from; at < text.length; at += 1) {
      node = this.#next(node, text.charCodeAt(at))
      const length = this.#trie.found[node] ?? 0
      // Of those that end here the longest; of those that begin at the same place the last.
      if (length > 0 && at + 1 - length <= start && at + 1 - length < limit) {
        start = at + 1 - length
        end = at + 1
      }
      // Whatever else is found begins behind.
      if (at + 1 - (this.#trie.depth[node] ?? 0) > start) break
    }
    return end === 0 ? undefined : { start, end, label: 'keyword' }
  }

  openFrom(text: string, from: number): number {
    let node = 0
    for (let at = from; at < text.length; at += 1) node = this.#next(node, text.charCodeAt(at))
    return text.length - (this.#open[node] ?? 0)
  }

  #addRoot(unit: number, node: number): void {
    this.#roots.set(unit, node)
    if (unit < 128) this.#asciiRoots[unit] = node
  }

  #next(from: number, unit: number): number {
    let node = from
    while (node !== 0) {
      const child = childOf(this.#trie, node, unit)
      if (child !== 0) return child
      node = this.#trie.fallback[node] ?? 0
    }
    return unit < 128 ? (this.#asciiRoots[unit] ?? 0) : (this.#roots.get(unit) ?? 0)
  }
}
