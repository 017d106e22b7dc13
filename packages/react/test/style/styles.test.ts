/** The style sheet keeps to itself: one layer, prefixed classes, no bare elements, no reset. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../../src/style/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.css') && name !== 'styles.css')
const sheets = files.map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '') }))

/** Selectors of all rules, of nested at-rules too. */
const selectorsOf = (text: string) =>
  [...text.matchAll(/([^{};]+)\{/g)].map((match) => (match[1] ?? '').trim()).filter((prelude) => !/^(@|\d+%$|from$|to$)/.test(prelude))

test('every sheet is imported by the one that ships', () => {
  const imports = [...readFileSync(new URL('styles.css', folder), 'utf8').matchAll(/@import '\.\/(.+)'/g)].map((match) => match[1])
  expect([...imports].sort()).toEqual([...files].sort())
})

test('everything lies in the layer `bud`', () => {
  for (const { name, text } of sheets) {
    let depth = 0
    let outside = ''
    for (const character of text) {
      if (character === '{') depth += 1
      if (depth === 0) outside += character
      if (character === '}') depth -= 1
    }
    expect(outside.replaceAll('@layer bud', '').trim(), name).toBe('')
  }
})

test('every selector starts at one of our classes, and every class is ours', () => {
  for (const { name, text } of sheets) {
    const selectors = selectorsOf(text)
    expect(selectors.length, name).toBeGreaterThan(0)
    for (const selector of selectors) {
      expect(selector, `${name}: ${selector}`).toMatch(/\.bud\b/)
      const classes = [...selector.matchAll(/\.([a-z][\w-]*)/g)].map((match) => match[1] ?? '')
      // uPlot names its own elements; those rules apply inside our element only.
      const foreign = classes.filter((each) => !each.startsWith('bud') && !(each.startsWith('u-') && selector.includes('.bud-plot-host')))
      expect(foreign, `${name}: ${selector}`).toEqual([])
    }
  }
})

test('custom properties and animations carry the prefix', () => {
  for (const { name, text } of sheets) {
    const names = [...text.matchAll(/(?<![\w-])--([a-z_][\w-]*)/g)].map((match) => match[1] ?? '')
    expect(
      names.filter((each) => !each.startsWith('bud-') && !each.startsWith('_bud-')),
      name,
    ).toEqual([])
    const keyframes = [...text.matchAll(/@keyframes ([\w-]+)/g)].map((match) => match[1] ?? '')
    expect(
      keyframes.filter((each) => !each.startsWith('bud-')),
      name,
    ).toEqual([])
  }
})

test('layout follows the writing direction', () => {
  for (const { name, text } of sheets) {
    const physical = [...text.matchAll(/^\s*(?:margin|padding|border)-(?:left|right)|^\s*(?:right):/gm)].map((match) => match[0].trim())
    // uPlot positions its cursor from the left; its plot is drawn left to right in every language.
    const allowed = name === 'time-series.css' ? physical.filter((each) => each !== 'border-right') : physical
    expect(allowed, name).toEqual([])
  }
})
