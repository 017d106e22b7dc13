/** Pictures of the stories beside the committed ones: what changed in place, size or colour is found, how a machine draws its letters is not. */
import { existsSync, mkdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Page } from 'playwright-core'

/** Set to any value to write the pictures anew; look at them before they are committed. */
const isUpdating = process.env['BUD_UPDATE_SNAPSHOTS'] !== undefined

/** Squares of so many pixels are compared by their mean colour. */
const square = 8
/** Of 255, in the channel that differs most. */
const differenceMax = 20
/** Squares that may differ: a letter's edge here and there. */
const shareMax = 0.01
/** Lines may break at another height with other fonts. */
const pixelsOff = 10

/** What is wrong with a picture; undefined when it is as committed. `canvas` is any page, used for its decoder alone. */
export async function compareSnapshot(canvas: Page, png: Buffer, path: string): Promise<string | undefined> {
  if (isUpdating) {
    mkdirSync(dirname(path), { recursive: true })
    await writeFile(path, Buffer.from(await toWebp(canvas, png), 'base64'))
    return undefined
  }
  if (!existsSync(path)) return `${path} is missing; run with BUD_UPDATE_SNAPSHOTS=1 and look at what was made`
  const known = await readFile(path)
  const found = await canvas.evaluate(measureDifference, {
    png: png.toString('base64'),
    webp: known.toString('base64'),
    square,
    differenceMax,
  })
  if (Math.abs(found.heightOff) > pixelsOff || Math.abs(found.widthOff) > pixelsOff) {
    return `${path}: ${String(found.widthOff)} × ${String(found.heightOff)} pixels larger than committed`
  }
  return found.share > shareMax ? `${path}: ${(found.share * 100).toFixed(1)} % of it differs` : undefined
}

function toWebp(canvas: Page, png: Buffer): Promise<string> {
  return canvas.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())
    const surface = new OffscreenCanvas(image.width, image.height)
    surface.getContext('2d')?.drawImage(image, 0, 0)
    const bytes = new Uint8Array(await (await surface.convertToBlob({ type: 'image/webp', quality: 0.5 })).arrayBuffer())
    let text = ''
    for (const byte of bytes) text += String.fromCharCode(byte)
    return btoa(text)
  }, png.toString('base64'))
}

interface Pictures {
  readonly png: string
  readonly webp: string
  readonly square: number
  readonly differenceMax: number
}

/** Runs in the browser. */
async function measureDifference({ png, webp, square: size, differenceMax: most }: Pictures) {
  const load = async (type: string, data: string) => createImageBitmap(await (await fetch(`data:image/${type};base64,${data}`)).blob())
  const [now, before] = [await load('png', png), await load('webp', webp)]
  const [width, height] = [Math.ceil(now.width / size), Math.ceil(now.height / size)]
  const shrink = (image: ImageBitmap) => {
    const surface = new OffscreenCanvas(width, height)
    const context = surface.getContext('2d')
    if (context === null) throw new Error('The browser gives no canvas.')
    context.imageSmoothingQuality = 'high'
    // Without stretching: both are drawn in the size of their own pixels.
    context.drawImage(image, 0, 0, image.width / size, image.height / size)
    return context.getImageData(0, 0, width, height).data
  }
  const [left, right] = [shrink(now), shrink(before)]
  let different = 0
  for (let at = 0; at < left.length; at += 4) {
    const off = Math.max(...[0, 1, 2].map((channel) => Math.abs((left[at + channel] ?? 0) - (right[at + channel] ?? 0))))
    if (off > most) different += 1
  }
  return { share: different / (width * height), widthOff: now.width - before.width, heightOff: now.height - before.height }
}
