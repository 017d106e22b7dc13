/** A small chart as SVG text: axes with round ticks, lines, points and a legend; readable on light and dark pages. */

export interface Series {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number; readonly label?: string }[]
  /** Joined by a line, or points alone. */
  readonly line: boolean
}

export interface ChartOptions {
  readonly title: string
  readonly xTitle: string
  readonly yTitle: string
  readonly series: readonly Series[]
}

export const chartSize = { width: 720, height: 420, left: 80, right: 24, top: 48, bottom: 84 } as const

/** Distinguishable with every kind of colour vision (Okabe and Ito), on white and on black. */
export const colors = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9'] as const

export const colorOf = (index: number): string => colors[index % colors.length] ?? colors[0]

export const escapeXml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`)

export const textAt = (x: number, y: number, text: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escapeXml(text)}</text>`

/** The picture around a body; `title` is what screen readers say. */
export const picture = (title: string, body: readonly string[], height: number = chartSize.height): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(chartSize.width)} ${String(height)}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#777">`,
    `<title>${escapeXml(title)}</title>`,
    textAt(chartSize.left, 24, title, 'font-size="15" font-weight="600"'),
    ...body,
    '</svg>',
    '',
  ].join('\n')

/** Round numbers from 0 to at least `most`, four to eight of them. */
export function ticksUpTo(most: number): readonly number[] {
  // What is not seen on any scale, and what no power of ten divides.
  if (!(most > 1e-12)) return [0, 1]
  const rough = most / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step)
}

const compact = (value: number) =>
  value >= 1e6
    ? `${String(Number((value / 1e6).toPrecision(3)))}M`
    : value >= 1e4
      ? `${String(Number((value / 1e3).toPrecision(3)))}k`
      : String(Number(value.toPrecision(3)))

export function drawChart({ title, xTitle, yTitle, series }: ChartOptions): string {
  const { width, height, left, right, top, bottom } = chartSize
  const all = series.flatMap(({ points }) => points)
  const xTicks = ticksUpTo(Math.max(0, ...all.map(({ x }) => x)))
  const yTicks = ticksUpTo(Math.max(0, ...all.map(({ y }) => y)))
  const xAt = (x: number) => left + (x / (xTicks.at(-1) ?? 1)) * (width - left - right)
  const yAt = (y: number) => height - bottom - (y / (yTicks.at(-1) ?? 1)) * (height - top - bottom)
  const grid = [
    ...yTicks.flatMap((tick) => [
      `<line x1="${String(left)}" x2="${String(width - right)}" y1="${yAt(tick).toFixed(1)}" y2="${yAt(tick).toFixed(1)}" stroke="#777" stroke-opacity="0.25"/>`,
      textAt(left - 8, yAt(tick) + 4, compact(tick), 'text-anchor="end"'),
    ]),
    ...xTicks.map((tick) => textAt(xAt(tick), height - bottom + 18, compact(tick), 'text-anchor="middle"')),
    textAt((left + width - right) / 2, height - bottom + 38, xTitle, 'text-anchor="middle"'),
    textAt(0, 0, yTitle, `text-anchor="middle" transform="translate(18 ${String((top + height - bottom) / 2)}) rotate(-90)"`),
  ]
  const marks = series.flatMap(({ points, line }, index) => [
    ...(line
      ? [
          `<polyline fill="none" stroke="${colorOf(index)}" stroke-width="2" points="${points.map(({ x, y }) => `${xAt(x).toFixed(1)},${yAt(y).toFixed(1)}`).join(' ')}"/>`,
        ]
      : []),
    ...points.map(
      ({ x, y, label }) =>
        `<circle cx="${xAt(x).toFixed(1)}" cy="${yAt(y).toFixed(1)}" r="${line ? '2.5' : '5'}" fill="${colorOf(index)}"><title>${escapeXml(label ?? `${compact(x)}, ${compact(y)}`)}</title></circle>`,
    ),
  ])
  const legend = series.map(({ name }, index) =>
    textAt(left + (index * (width - left)) / series.length, height - 14, `● ${name}`, `fill="${colorOf(index)}"`),
  )
  return picture(title, [...grid, ...marks, ...legend])
}
