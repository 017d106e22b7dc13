/** An SVG of the page as a file of its own: with the colours that the style sheet gives it, its title, and a background. */
import { BudClientError } from '../errors.ts'

export interface Picture {
  readonly svg: SVGSVGElement
  readonly background: string
  readonly text: string
}

const headPixels = 40
/** Of the picture below the title, in pixels of the file. */
const width = 960
const looks = ['fill', 'fill-opacity', 'stroke', 'stroke-opacity', 'stroke-width', 'stroke-dasharray', 'opacity'] as const
const drawn = 'path, rect, circle, text'

/** The largest picture of the figure that the element stands in. */
export function findPicture(inside: HTMLElement): Picture {
  const figure = inside.closest('figure')
  const area = (svg: SVGSVGElement) => svg.getBoundingClientRect().width * svg.getBoundingClientRect().height
  const [svg] = [...(figure?.querySelectorAll<SVGSVGElement>('svg[viewBox]') ?? [])].sort((left, right) => area(right) - area(left))
  if (figure === null || svg === undefined) {
    throw new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'There is no picture on the page to save.' })
  }
  const style = getComputedStyle(figure)
  return { svg, background: style.backgroundColor, text: style.color }
}

/** As high as it stands on the page. */
function toSize({ svg }: Picture) {
  const box = svg.getBoundingClientRect()
  return {
    height: Math.round((width * box.height) / Math.max(box.width, 1)),
    view: svg.viewBox.baseVal,
    isStretched: svg.getAttribute('preserveAspectRatio') === 'none',
  }
}

export function toPictureSvg(picture: Picture, title: string): Blob {
  const { height } = toSize(picture)
  const copy = picture.svg.cloneNode(true)
  // Safe: the copy of an SVG is one.
  const inner = copy as SVGSVGElement
  const originals = [...picture.svg.querySelectorAll<SVGElement>(drawn)]
  inner.querySelectorAll<SVGElement>(drawn).forEach((element, index) => {
    const style = getComputedStyle(originals[index] ?? element)
    for (const name of looks) element.setAttribute(name, style.getPropertyValue(name))
    if (element.tagName === 'text') element.setAttribute('font-size', style.fontSize)
    element.removeAttribute('class')
  })
  for (const [name, value] of Object.entries({ x: 0, y: headPixels, width, height })) inner.setAttribute(name, String(value))
  const page = document.implementation.createDocument('http://www.w3.org/2000/svg', 'svg')
  const root = page.documentElement
  for (const [name, value] of Object.entries({ width, height: height + headPixels, 'font-family': 'sans-serif' }))
    root.setAttribute(name, String(value))
  const add = (name: string, attributes: Readonly<Record<string, string>>) => {
    const element = root.appendChild(page.createElementNS('http://www.w3.org/2000/svg', name))
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    return element
  }
  add('rect', { width: '100%', height: '100%', fill: picture.background })
  add('text', { x: '16', y: '26', 'font-size': '16', 'font-weight': '600', fill: picture.text }).textContent = title
  root.append(inner)
  return new Blob([new XMLSerializer().serializeToString(page)], { type: 'image/svg+xml' })
}

/** Drawn shape by shape: as an image of the SVG, a strict content security policy would refuse it. */
export async function toPicturePng(picture: Picture, title: string): Promise<Blob> {
  const { height, view, isStretched } = toSize(picture)
  const canvas = document.createElement('canvas')
  canvas.width = width * 2
  canvas.height = (height + headPixels) * 2
  const context = canvas.getContext('2d')
  if (context === null) throw new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'The browser gives no canvas to draw on.' })
  context.scale(2, 2)
  context.fillStyle = picture.background
  context.fillRect(0, 0, width, height + headPixels)
  context.fillStyle = picture.text
  context.font = '600 16px sans-serif'
  context.fillText(title, 16, 26)
  const [across, down] = [width / view.width, height / view.height]
  const [scaleX, scaleY] = isStretched ? [across, down] : [Math.min(across, down), Math.min(across, down)]
  context.translate((width - view.width * scaleX) / 2, headPixels + (height - view.height * scaleY) / 2)
  context.scale(scaleX, scaleY)
  context.translate(-view.x, -view.y)
  for (const element of picture.svg.querySelectorAll<SVGElement>(drawn)) drawShape(context, element)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'The browser could not write the picture.' }))
      else resolve(blob)
    }, 'image/png')
  })
}

function drawShape(context: CanvasRenderingContext2D, element: SVGElement): void {
  const style = getComputedStyle(element)
  const number = (name: string) => Number(element.getAttribute(name) ?? 0)
  const alpha = (name: string) => Number(style.getPropertyValue(name) || 1) * Number(style.opacity || 1)
  if (element.tagName === 'text') {
    context.globalAlpha = alpha('fill-opacity')
    context.fillStyle = style.fill
    context.font = `${style.fontSize} sans-serif`
    context.textAlign = style.textAnchor === 'middle' ? 'center' : style.textAnchor === 'end' ? 'end' : 'start'
    context.fillText(element.textContent, number('x'), number('y'))
    context.globalAlpha = 1
    return
  }
  const shape = element.tagName === 'path' ? new Path2D(element.getAttribute('d') ?? '') : new Path2D()
  if (element.tagName === 'rect') shape.rect(number('x'), number('y'), number('width'), number('height'))
  if (element.tagName === 'circle') shape.arc(number('cx'), number('cy'), number('r'), 0, 2 * Math.PI)
  if (style.fill !== 'none') {
    context.globalAlpha = alpha('fill-opacity')
    context.fillStyle = style.fill
    context.fill(shape)
  }
  if (style.stroke !== 'none') {
    context.globalAlpha = alpha('stroke-opacity')
    context.strokeStyle = style.stroke
    context.lineWidth = Number.parseFloat(style.strokeWidth) || 1
    context.stroke(shape)
  }
  context.globalAlpha = 1
}
