/** A bar chart as SVG: groups of horizontal bars with their values, readable in light and dark pages. */

export interface BarGroup {
  readonly title: string
  readonly bars: readonly { readonly name: string; readonly value: number; readonly highlight: boolean }[]
}

const width = 720
const labelWidth = 110
const valueWidth = 140
const barHeight = 22
const gap = 8
const groupGap = 34

const numbers = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
/** Whole from a hundred on, where a digit more would be noise. */
const toText = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : numbers.format(value))

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** A bar may be this many times as long as the longest highlighted one; one that would be longer is cut, and says so. */
const longestRatio = 15

/** Each group has a scale of its own, from zero. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const parts: string[] = []
  let y = 40
  for (const group of groups) {
    parts.push(`<text x="0" y="${String(y)}" font-weight="600">${escape(group.title)}</text>`)
    y += 12
    const highlighted = Math.max(...group.bars.filter((bar) => bar.highlight).map(({ value }) => value))
    const largest = Math.min(Math.max(...group.bars.map(({ value }) => value)), highlighted > 0 ? highlighted * longestRatio : Infinity)
    for (const { name, value, highlight } of group.bars) {
      const isCut = value > largest
      const length = Math.max(1, (Math.min(value, largest) / largest) * (width - labelWidth - valueWidth))
      const middle = y + barHeight / 2 + 4
      parts.push(
        `<text x="${String(labelWidth - 10)}" y="${String(middle)}" text-anchor="end">${escape(name)}</text>`,
        `<rect x="${String(labelWidth)}" y="${String(y)}" width="${length.toFixed(1)}" height="${String(barHeight)}" rx="3" fill="${highlight ? '#5b5bd6' : '#9a9aa5'}"/>`,
        `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${String(middle)}">${toText(value)} ${escape(unit)}${isCut ? ' (bar cut)' : ''}</text>`,
      )
      y += barHeight + gap
    }
    y += groupGap
  }
  const height = y - groupGap + 8
  const style = 'text{font:13px system-ui,sans-serif;fill:#1c1c22}@media (prefers-color-scheme:dark){text{fill:#ececf1}}'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="${escape(title)}"><style>${style}</style><text x="0" y="16" font-weight="600">${escape(title)}</text>${parts.join('')}</svg>\n`
}
