'use client'
/** A picture of a message, drawn on a canvas: as an image it would have an address that a strict content security policy refuses. */
import { useEffect, useRef } from 'react'
import type { ChatImage } from '../client/chat-message.ts'

/** Of the longer side, in pixels of the drawing. */
const sideMax = 320

export function ChatPicture({ image: { name, dataUrl } }: { readonly image: ChatImage }) {
  const place = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let isLeft = false
    draw(dataUrl, () => (isLeft ? null : place.current)).catch(() => {
      // Whatever it is, the browser does not know it; its name stays.
    })
    return () => {
      isLeft = true
    }
  }, [dataUrl])
  return <canvas ref={place} className="bud-picture" role="img" aria-label={name} width="1" height="1" />
}

async function draw(dataUrl: string, findPlace: () => HTMLCanvasElement | null): Promise<void> {
  const [head = '', data = ''] = dataUrl.split(',')
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
  const bitmap = await createImageBitmap(new Blob([bytes], { type: /^data:([^;]+)/.exec(head)?.[1] ?? 'image/png' }))
  const place = findPlace()
  if (place !== null) {
    const scale = Math.min(sideMax / Math.max(bitmap.width, bitmap.height), 1)
    place.width = Math.max(Math.round(bitmap.width * scale), 1)
    place.height = Math.max(Math.round(bitmap.height * scale), 1)
    place.getContext('2d')?.drawImage(bitmap, 0, 0, place.width, place.height)
  }
  bitmap.close()
}
