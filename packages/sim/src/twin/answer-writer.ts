/** Writes the answers of the simulated engine: readable English about the prompt, the same for the same seed. */
import { createSeededRandom, type Random } from '@bud-foundry/core'
import { bodies, closings, openings, stopWords } from './phrases.ts'

export interface AnswerOptions {
  /** The last thing the user said. */
  readonly prompt: string
  readonly seed: number
  readonly modelName: string
  readonly hardwareName: string
}

const pick = (random: Random, list: readonly string[]): string => list[Math.floor(random.next() * list.length)] ?? ''

/** 32-bit FNV-1a, to turn a prompt into a seed. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash
}

/** Up to six words that carry meaning, in order of appearance. */
export function findTopics(prompt: string): readonly string[] {
  const words = prompt.slice(0, 4000).match(/[\p{L}\p{N}][\p{L}\p{N}'’-]{2,30}/gu) ?? []
  const unique = new Map(words.filter((word) => !stopWords.has(word.toLowerCase())).map((word) => [word.toLowerCase(), word]))
  return [...unique.values()].slice(-40).slice(0, 6)
}

/** Counting and sums are done for real: they are what people type first. */
function answerExactly(prompt: string): string | undefined {
  const count = /\bcount (?:from \d+ )?(?:up )?to (\d{1,3})\b/i.exec(prompt)?.[1]
  if (count !== undefined) return `${Array.from({ length: Number(count) }, (_, index) => String(index + 1)).join(', ')}.`
  const sum = /(-?\d{1,9}) *([+*×x-]) *(-?\d{1,9})\s*=?\s*\??\s*$/.exec(prompt)
  if (sum === null) return undefined
  const [left, right] = [Number(sum[1]), Number(sum[3])]
  const result = sum[2] === '+' ? left + right : sum[2] === '-' ? left - right : left * right
  return `${String(left)} ${sum[2] ?? ''} ${String(right)} = ${String(result)}.`
}

const asksWho =
  /\b(who|what) are you\b|\bare you (a |an )?(real|human|simulat|ai|model|robot)|\bwhich model\b|\bwhat model\b|\bsimulated?\b|\byour name\b/i
const greets = /^\s*(hi|hello|hey|good (morning|afternoon|evening)|ping|test)\b[\s!.,?]*$/i

function* sentences(options: AnswerOptions): Generator<string> {
  const random = createSeededRandom((options.seed ^ hashText(options.prompt)) >>> 0)
  const topics = findTopics(options.prompt)
  const main = topics.slice(0, 2).join(' ') || 'this'
  const fill = (template: string) =>
    template.replaceAll('{t}', main).replaceAll('{u}', pick(random, topics.length === 0 ? ['the result'] : topics))
  if (asksWho.test(options.prompt)) {
    yield `I am not a real language model: I am a simulated engine from Bud Foundry. My words come from templates, but my timing is that of ${options.modelName} on ${options.hardwareName}, as the simulator predicts it.`
    yield 'Ask me about any subject, and I will write a paragraph that looks like an answer while the metrics move as they would for a real one.'
    return
  }
  if (greets.test(options.prompt)) {
    yield `Hello! I am a simulated ${options.modelName}, answering at the speed that is predicted for ${options.hardwareName}. Ask me anything and watch the metrics.`
    return
  }
  const exact = answerExactly(options.prompt)
  if (exact !== undefined) {
    yield exact
    return
  }
  yield fill(pick(random, openings))
  const order = [...bodies].map((text) => ({ text, key: random.next() })).sort((left, right) => left.key - right.key)
  const length = 4 + Math.floor(random.next() * 4)
  for (const [index, { text }] of order.slice(0, length).entries()) yield `${index === 2 ? '\n\n' : ''}${fill(text)}`
  yield `\n\n${fill(pick(random, closings))}`
}

function* endless(options: AnswerOptions): Generator<string> {
  yield* sentences(options)
  const random = createSeededRandom((options.seed ^ hashText(options.prompt) ^ 0x9e3779b9) >>> 0)
  const topics = findTopics(options.prompt)
  for (;;) {
    const topic = pick(random, topics.length === 0 ? ['this'] : topics)
    yield pick(random, bodies).replaceAll('{t}', topic).replaceAll('{u}', topic)
  }
}

/** The whole answer; with `minimumWords` it goes on until it is at least that long, as an engine told to ignore its end does. */
export function writeAnswer(options: AnswerOptions, minimumWords = 0): string {
  const parts: string[] = []
  let words = 0
  const source = minimumWords > 0 ? endless(options) : sentences(options)
  for (const sentence of source) {
    if (minimumWords > 0 && words >= minimumWords) break
    parts.push(sentence)
    words += sentence.split(' ').length
  }
  return parts.map((part, index) => (index === 0 || part.startsWith('\n') ? part : ` ${part}`)).join('')
}
