'use client'
/** Attaches pictures to the next message: chosen, shown small, taken away again. */
import { useRef, useState } from 'react'
import type { ChatImage } from '../client/chat-message.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { limits } from '../limits.ts'
import { ChatPicture } from './chat-picture.tsx'

export interface ImagePickerProps {
  readonly images: readonly ChatImage[]
  readonly onChange: (images: readonly ChatImage[]) => void
}

/** What vision models take. */
const types = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

export function ImagePicker({ images, onChange }: ImagePickerProps) {
  const { chat } = useBudStrings()
  const format = useBudFormat()
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const add = async (files: readonly File[]) => {
    const fit = files.filter(({ size, type }) => size <= limits.chatImageBytesMax && types.includes(type))
    const room = limits.chatImagesMax - images.length
    const hasLeft = fit.length < files.length || fit.length > room
    setProblem(hasLeft ? chat.imagesRefused(format.count(limits.chatImagesMax), format.bytes(limits.chatImageBytesMax)) : undefined)
    const read = await Promise.all(fit.slice(0, Math.max(room, 0)).map(readImage))
    onChange([...images, ...read])
  }
  return (
    <span className="bud-image-picker">
      <input
        ref={input}
        type="file"
        accept={types.join(',')}
        multiple
        hidden
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])]
          // The same file can be chosen again.
          currentTarget.value = ''
          add(files).catch(() => {
            setProblem(chat.imageUnreadable)
          })
        }}
      />
      <button
        type="button"
        className="bud-button bud-button-ghost bud-button-icon"
        aria-label={chat.attachImage}
        title={chat.attachImage}
        disabled={images.length >= limits.chatImagesMax}
        onClick={() => input.current?.click()}
      >
        <Icon name="image" />
      </button>
      {images.map((image, index) => (
        <button
          key={index}
          type="button"
          className="bud-image-chip"
          aria-label={chat.removeImage(image.name)}
          title={chat.removeImage(image.name)}
          onClick={() => onChange(images.filter((_, at) => at !== index))}
        >
          <ChatPicture image={image} />
          <Icon name="close" />
        </button>
      ))}
      {problem === undefined ? null : (
        <span className="bud-field-error" role="alert">
          {problem}
        </span>
      )}
    </span>
  )
}

function readImage(file: File): Promise<ChatImage> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => {
      // Read as an address, a file becomes a text.
      resolve({ name: file.name, dataUrl: typeof reader.result === 'string' ? reader.result : '' })
    }
    reader.onerror = () => {
      reject(reader.error ?? new Error('The file could not be read.'))
    }
    reader.readAsDataURL(file)
  })
}
