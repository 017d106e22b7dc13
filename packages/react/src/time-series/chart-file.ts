/** A chart as a file: its numbers as CSV, its picture as SVG or PNG. */
import { toAreaPath, toLinePath, toRange } from '../geometry/line-path.ts'
import { BudClientError } from '../errors.ts'
import { toCsvText } from '../part/csv-file.ts'
import type { ChartData } from './chart-data.ts'

/** RFC 4180, times in ISO 8601; a text that a spreadsheet would run as a formula is quoted as text. */
export function toCsv(data: ChartData, timeName: string): string {
  const rows = data.timesUnixMs.map((time, index) => [
    data.writeTime?.(time) ?? new Date(time).toISOString(),
    ...data.series.map(({ values }) => String(values[index] ?? '')),
  ])
  return toCsvText([[timeName, ...data.series.map(({ label }) => label)], ...rows])
}

export interface ChartPicture {
  readonly title: string
  readonly data: ChartData
  /** Colour of each series, as CSS writes it. */
  readonly colours: readonly string[]
  readonly text: string
  readonly background: string
  readonly writeTime: (unixMs: number) => string
}

const size = { width: 960, height: 360 }
const plot = { left: 70, top: 60, width: 860, height: 250 }

/** A picture that stands alone: title, legend, both axes. */
export function toSvg({ title, data, colours, text, background, writeTime }: ChartPicture): string {
  const range = toRangeFromZero(data)
  const lines = data.series.map(({ values, isFilled }, index) => {
    const colour = escapeXml(colours[index] ?? text)
    const area = isFilled === true ? `<path d="${toAreaPath(values, range, plot)}" fill="${colour}" fill-opacity="0.12"/>` : ''
    return `${area}<path d="${toLinePath(values, range, plot)}" fill="none" stroke="${colour}" stroke-width="2"/>`
  })
  const legend = data.series.map(
    ({ label }, index) =>
      `<text x="${plot.left + index * 170}" y="46" fill="${escapeXml(colours[index] ?? text)}">${escapeXml(label)}</text>`,
  )
  const [first, last] = [data.timesUnixMs[0], data.timesUnixMs.at(-1)]
  const label = (x: number, y: number, anchor: string, words: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeXml(words)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="13" fill="${escapeXml(text)}">`,
    `<rect width="100%" height="100%" fill="${escapeXml(background)}"/>`,
    `<text x="${plot.left}" y="26" font-size="16" font-weight="600">${escapeXml(title)}</text>`,
    ...legend,
    `<g transform="translate(${plot.left} ${plot.top})">${lines.join('')}<path d="M0 ${plot.height}H${plot.width}" stroke="currentColor" stroke-opacity="0.3"/></g>`,
    label(plot.left - 8, plot.top + 5, 'end', data.write(range.high)),
    label(plot.left - 8, plot.top + plot.height, 'end', data.write(0)),
    first === undefined ? '' : label(plot.left, size.height - 24, 'start', writeTime(first)),
    last === undefined ? '' : label(plot.left + plot.width, size.height - 24, 'end', writeTime(last)),
    '</svg>',
  ].join('')
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** The same picture at twice its size, drawn by the browser's canvas: as an image of the SVG, a strict content security policy would refuse it. */
export async function toPng({ title, data, colours, text, background, writeTime }: ChartPicture): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = size.width * 2
  canvas.height = size.height * 2
  const context = canvas.getContext('2d')
  if (context === null) throw new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'The browser gives no canvas to draw on.' })
  const write = (words: string, x: number, y: number, align: CanvasTextAlign = 'left', font = '13px sans-serif') => {
    context.font = font
    context.textAlign = align
    context.fillText(words, x, y)
  }
  const range = toRangeFromZero(data)
  context.scale(2, 2)
  context.fillStyle = background
  context.fillRect(0, 0, size.width, size.height)
  context.fillStyle = text
  write(title, plot.left, 26, 'left', '600 16px sans-serif')
  write(data.write(range.high), plot.left - 8, plot.top + 5, 'right')
  write(data.write(0), plot.left - 8, plot.top + plot.height, 'right')
  const [first, last] = [data.timesUnixMs[0], data.timesUnixMs.at(-1)]
  if (first !== undefined) write(writeTime(first), plot.left, size.height - 24)
  if (last !== undefined) write(writeTime(last), plot.left + plot.width, size.height - 24, 'right')
  context.translate(plot.left, plot.top)
  data.series.forEach(({ label, values, isFilled }, index) => {
    context.fillStyle = context.strokeStyle = colours[index] ?? text
    write(label, index * 170, -14)
    context.lineWidth = 2
    context.stroke(new Path2D(toLinePath(values, range, plot)))
    context.globalAlpha = 0.12
    if (isFilled === true) context.fill(new Path2D(toAreaPath(values, range, plot)))
    context.globalAlpha = 1
  })
  context.globalAlpha = 0.3
  context.fillStyle = text
  context.fillRect(0, plot.height, plot.width, 1)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'The browser could not write the picture.' }))
      else resolve(blob)
    }, 'image/png')
  })
}

function toRangeFromZero({ series }: ChartData) {
  const high = Math.max(...series.map(({ values }) => toRange(values)?.high ?? 0), 0)
  return { low: 0, high: high > 0 ? high : 1 }
}
