/** Markdown of models, whole and half-written, hostile and plain. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMarkdownBlocks } from '../../src/chat/markdown-blocks.ts'
import { parseMarkdownInline, type MarkdownInline } from '../../src/chat/markdown-inline.ts'

const kinds = (text: string) => parseMarkdownBlocks(text).map(({ kind }) => kind)

test('the blocks that models write are told apart', () => {
  const text =
    '# Title\n\nText\nmore\n\n- a\n- b\n  - c\n\n1. x\n2. y\n\n> quote\n\n```ts\nlet a = 1\n\nlet b\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n---\nend'
  expect(kinds(text)).toEqual(['heading', 'paragraph', 'list', 'list', 'quote', 'code', 'table', 'rule', 'paragraph'])
})

test('a code block that is still being written shows what is there', () => {
  expect(parseMarkdownBlocks('```python\nprint(1)')).toEqual([{ kind: 'code', language: 'python', text: 'print(1)' }])
})

test('list items keep their depth, their first number and their continued lines', () => {
  expect(parseMarkdownBlocks('3. a\n   b\n\n4. c')).toEqual([
    {
      kind: 'list',
      isOrdered: true,
      start: 3,
      items: [
        { text: 'a b', depth: 0 },
        { text: 'c', depth: 0 },
      ],
    },
  ])
})

test('emphasis, code and links are read, arithmetic and snake_case are not emphasis', () => {
  expect(parseMarkdownInline('**b** *i* `c*d*` [t](https://x.y/z)')).toMatchObject([
    { kind: 'strong' },
    { text: ' ' },
    { kind: 'emphasis' },
    { text: ' ' },
    { kind: 'code', text: 'c*d*' },
    { text: ' ' },
    { kind: 'link', href: 'https://x.y/z' },
  ])
  expect(parseMarkdownInline('2 * 3 * 4 and snake_case_name')).toEqual([{ kind: 'text', text: '2 * 3 * 4 and snake_case_name' }])
})

test.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', '/relative', 'vbscript:x'])('%s is never a link', (href) => {
  const parts = parseMarkdownInline(`[click](${href})`)
  expect(parts.some(({ kind }) => kind === 'link')).toBe(false)
})

const textOf = (part: MarkdownInline): string => ('children' in part ? part.children.map(textOf).join('') : part.text)

test('no text is lost or made up, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '*', '_', '`', '[', ']', '(', ')', '~', 'h', ':', '/'), maxLength: 60 }),
      (text) => {
        const letters = (value: string) => value.replace(/[^ah]/g, '')
        const shown = parseMarkdownInline(text)
        const hrefs = shown.filter((part) => part.kind === 'link').length
        if (hrefs === 0) expect(letters(shown.map(textOf).join(''))).toBe(letters(text))
      },
    ),
  )
})

test('any text is read to its end, line by line as it streams', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '#', '-', '>', '`', '|', ' ', '1', '.', '*'), maxLength: 80 }), (text) => {
      for (let end = 0; end <= text.length; end += 7) parseMarkdownBlocks(text.slice(0, end))
    }),
  )
})

test('a long hostile line is read in good time', () => {
  const startMs = performance.now()
  parseMarkdownInline('*a '.repeat(3_000) + '['.repeat(3_000) + '`'.repeat(3_000))
  parseMarkdownBlocks('| - '.repeat(5_000))
  expect(performance.now() - startMs).toBeLessThan(2_000)
})

test('an endless paragraph or line is shown as it is, whatever marks it has', () => {
  const long = '[a](b **c '.repeat(100_000)
  expect(parseMarkdownInline(long)).toEqual([{ kind: 'text', text: long }])
  const divider = `a | b\n-${' '.repeat(500_000)}x`
  expect(parseMarkdownBlocks(divider)).toHaveLength(2)
  expect(parseMarkdownBlocks(`${'- '.repeat(500_000)}x`)).toHaveLength(1)
})
