/** Reads emphasis, code and links inside a line; links lead only to http, https and mail addresses. */

import { limits } from '../limits.ts'

export type MarkdownInline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly children: readonly MarkdownInline[] }
  | { readonly kind: 'link'; readonly href: string; readonly children: readonly MarkdownInline[] }

// One alternative per construct; each needs a non-space inside, so that "2 * 3 * 4" stays arithmetic.
const token =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|__(?=\S)([\s\S]*?\S)__|~~(?=\S)([\s\S]*?\S)~~|\*(?=[^\s*])([^*]*?[^\s*])\*|(?<![\w])_(?=[^\s_])([^_]*?[^\s_])_(?![\w])|\[([^\]\n]+)\]\((\S+?)\)|(https?:\/\/[^\s<>()[\]]+[^\s<>()[\].,;:!?'"])/

const depthMax = 6

export function parseMarkdownInline(source: string, depth = 0): readonly MarkdownInline[] {
  const parts: MarkdownInline[] = []
  let rest = source
  while (rest !== '') {
    const match = depth < depthMax && source.length <= limits.markdownInlineCharactersMax ? token.exec(rest) : null
    if (match === null) {
      parts.push({ kind: 'text', text: rest })
      return parts
    }
    if (match.index > 0) parts.push({ kind: 'text', text: rest.slice(0, match.index) })
    parts.push(toInline(match, depth + 1))
    rest = rest.slice(match.index + match[0].length)
  }
  return parts
}

function toInline(match: RegExpExecArray, depth: number): MarkdownInline {
  const [whole, , code, strong, strongUnderscore, strike, emphasis, emphasisUnderscore, linkText, linkHref, bare] = match
  if (code !== undefined) return { kind: 'code', text: code }
  const strongText = strong ?? strongUnderscore
  if (strongText !== undefined) return { kind: 'strong', children: parseMarkdownInline(strongText, depth) }
  if (strike !== undefined) return { kind: 'strike', children: parseMarkdownInline(strike, depth) }
  const emphasisText = emphasis ?? emphasisUnderscore
  if (emphasisText !== undefined) return { kind: 'emphasis', children: parseMarkdownInline(emphasisText, depth) }
  if (linkText !== undefined && linkHref !== undefined && isSafeLink(linkHref)) {
    return { kind: 'link', href: linkHref, children: parseMarkdownInline(linkText, depthMax) }
  }
  if (bare !== undefined) return { kind: 'link', href: bare, children: [{ kind: 'text', text: bare }] }
  return { kind: 'text', text: whole }
}

/** Anything else - `javascript:`, `data:`, relative addresses - stays text. */
export function isSafeLink(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href)
}
