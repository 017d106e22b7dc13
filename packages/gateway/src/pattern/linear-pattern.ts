/** Regular expressions of operators over text of anyone: matched by RE2, in linear time. */
import { createRequire } from 'node:module'
import type * as Re2js from 're2js'

let loaded: typeof Re2js | undefined

/** RE2, loaded with the first pattern and not with the package: most configurations have none. */
export function re2(): typeof Re2js.RE2JS {
  // Safe: the module that its declarations describe.
  loaded ??= createRequire(import.meta.url)('re2js') as typeof Re2js
  return loaded.RE2JS
}

/** Whether RE2 understands it: look-around and back-references it does not. */
export function isLinearPattern(pattern: string): boolean {
  try {
    re2().compile(pattern)
    return true
  } catch {
    return false
  }
}

/** What searches a text, in UTF-16 positions. */
export interface TextPattern {
  /** Where the first match begins at `from` or later. */
  search(text: string, from: number): number | undefined
  /** The match that begins exactly there; empty for none. */
  matchAt(text: string, at: number): string
}

/** Flags are JavaScript's, out of `imsu`; characters are always whole, as with `u`. */
function compile(pattern: string, flags: string): Re2js.RE2JS {
  const RE2JS = re2()
  let options = 0
  if (flags.includes('i')) options |= RE2JS.CASE_INSENSITIVE
  if (flags.includes('m')) options |= RE2JS.MULTILINE
  if (flags.includes('s')) options |= RE2JS.DOTALL
  return RE2JS.compile(pattern, options)
}

/** Flags as in JavaScript, out of `imsu`. */
export function linearPattern(pattern: string, flags: string): TextPattern {
  const compiled = compile(pattern, flags)
  return {
    search: (text, from) => {
      const matcher = compiled.matcher(text)
      return matcher.find(from) ? matcher.start() : undefined
    },
    matchAt: (text, at) => {
      const matcher = compiled.matcher(text)
      return matcher.find(at) && matcher.start() === at ? (matcher.group() ?? '') : ''
    },
  }
}

interface PatternTest {
  test(text: string): boolean
}
interface LinearTest {
  (pattern: string): PatternTest
  /** For Ajv, which asks how code that it writes to a file would name the function; nothing is written to one here. */
  readonly code: string
}

/** A regular expression in the place of `new RegExp(pattern)`. @throws what RE2 says of a pattern that it does not understand. */
export const linearTest: LinearTest = Object.assign(
  (pattern: string): PatternTest => {
    const compiled = compile(pattern, '')
    return { test: (text) => compiled.matcher(text).find() }
  },
  { code: 'linearTest' },
)

/** Replaces every match by the same text. Flags as in JavaScript, out of `imsu`. */
export function linearReplace(pattern: string, flags: string, replacement: string): (text: string) => string {
  const compiled = compile(pattern, flags)
  const literal = replacement.replaceAll('$', '$$$$')
  return (text) => compiled.matcher(text).replaceAll(literal)
}

/** A pattern of the gateway's own, whose time is bounded by how it is written. */
export function trustedPattern({ source, flags }: RegExp): TextPattern {
  const plain = flags.replaceAll(/[gy]/g, '')
  const search = new RegExp(source, `${plain}g`)
  const sticky = new RegExp(source, `${plain}y`)
  return {
    search: (text, from) => {
      search.lastIndex = from
      return search.exec(text)?.index
    },
    matchAt: (text, at) => {
      sticky.lastIndex = at
      return sticky.exec(text)?.[0] ?? ''
    },
  }
}
