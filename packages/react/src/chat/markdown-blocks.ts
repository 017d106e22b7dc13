/** Splits an answer into the blocks that models write: paragraphs, headings, lists, quotes, tables, code. Never throws; unfinished input is fine. */

import { limits } from '../limits.ts'

export type MarkdownBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly start: number; readonly items: readonly MarkdownListItem[] }
  | { readonly kind: 'quote'; readonly text: string }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'rule' }

export interface MarkdownListItem {
  readonly text: string
  /** 0 for the outermost. */
  readonly depth: number
}

const fence = /^\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/
const heading = /^(#{1,6})\s+(.*?)\s*#*$/
const bullet = /^(\s*)[-*+]\s+(.*)$/
const numbered = /^(\s*)(\d{1,9})[.)]\s+(.*)$/
const rule = /^\s{0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$/
const tableDivider = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/

export function parseMarkdownBlocks(source: string): readonly MarkdownBlock[] {
  const lines = source.replace(/\r\n?/g, '\n').split('\n')
  const blocks: MarkdownBlock[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (line.trim() === '') {
      at += 1
      continue
    }
    const [block, next] = readBlock(lines, at)
    blocks.push(block)
    at = next
  }
  return blocks
}

type ReadBlock = readonly [MarkdownBlock, number]

function readBlock(lines: readonly string[], at: number): ReadBlock {
  const line = lines[at] ?? ''
  // A line of that length is prose or data; patterns that look for marks in it would cost more than they find.
  if (line.length > limits.markdownInlineCharactersMax) return [{ kind: 'paragraph', text: line }, at + 1]
  const opening = fence.exec(line)
  if (opening !== null) return readCode(lines, at, opening[1] ?? '```', opening[2] ?? '')
  const title = heading.exec(line)
  if (title !== null) return [{ kind: 'heading', level: (title[1] ?? '#').length, text: title[2] ?? '' }, at + 1]
  if (rule.test(line)) return [{ kind: 'rule' }, at + 1]
  if (bullet.test(line) || numbered.test(line)) return readList(lines, at)
  if (line.startsWith('>')) return readQuote(lines, at)
  if (line.includes('|') && isDivider(lines[at + 1] ?? '')) return readTable(lines, at)
  return readParagraph(lines, at)
}

function isDivider(line: string): boolean {
  return line.length <= limits.markdownInlineCharactersMax && line.includes('-') && tableDivider.test(line)
}

function readCode(lines: readonly string[], at: number, mark: string, language: string): ReadBlock {
  const body: string[] = []
  let next = at + 1
  while (next < lines.length && !(lines[next] ?? '').trim().startsWith(mark)) {
    body.push(lines[next] ?? '')
    next += 1
  }
  return [{ kind: 'code', language, text: body.join('\n') }, next + 1]
}

function readList(lines: readonly string[], at: number): ReadBlock {
  const isOrdered = numbered.test(lines[at] ?? '')
  const start = Number(numbered.exec(lines[at] ?? '')?.[2] ?? 1)
  const items: MarkdownListItem[] = []
  let next = at
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? ''
    const indent = /^\s*/.exec(line)?.[0].length ?? 0
    const match = bullet.exec(line) ?? numbered.exec(line)
    if (match !== null) {
      // A list of the other kind at the margin is a new list.
      if (indent === 0 && numbered.test(line) !== isOrdered) break
      items.push({ text: match.at(-1) ?? '', depth: Math.min(Math.floor(indent / 2), 3) })
    } else if (line.trim() !== '' && indent > 0 && items.length > 0) {
      const last = items.pop()
      if (last !== undefined) items.push({ ...last, text: `${last.text} ${line.trim()}` })
    } else if (line.trim() !== '' || !isListLine(lines[next + 1])) break
  }
  return [{ kind: 'list', isOrdered, start, items }, next]
}

function isListLine(line: string | undefined): boolean {
  return line !== undefined && (bullet.test(line) || numbered.test(line))
}

function readQuote(lines: readonly string[], at: number): ReadBlock {
  let next = at
  const body: string[] = []
  while (next < lines.length && (lines[next] ?? '').startsWith('>')) {
    body.push((lines[next] ?? '').replace(/^>\s?/, ''))
    next += 1
  }
  return [{ kind: 'quote', text: body.join('\n') }, next]
}

function readTable(lines: readonly string[], at: number): ReadBlock {
  const head = toCells(lines[at] ?? '')
  const rows: (readonly string[])[] = []
  let next = at + 2
  while (next < lines.length && (lines[next] ?? '').includes('|')) {
    const cells = toCells(lines[next] ?? '')
    rows.push(head.map((_, index) => cells[index] ?? ''))
    next += 1
  }
  return [{ kind: 'table', head, rows }, next]
}

function toCells(line: string): readonly string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())
}

function readParagraph(lines: readonly string[], at: number): ReadBlock {
  const body: string[] = [lines[at] ?? '']
  let next = at + 1
  while (next < lines.length && !startsBlock(lines[next] ?? '')) {
    body.push(lines[next] ?? '')
    next += 1
  }
  return [{ kind: 'paragraph', text: body.join('\n') }, next]
}

function startsBlock(line: string): boolean {
  if (line.length > limits.markdownInlineCharactersMax) return true
  return line.trim() === '' || fence.test(line) || heading.test(line) || bullet.test(line) || numbered.test(line) || line.startsWith('>')
}
