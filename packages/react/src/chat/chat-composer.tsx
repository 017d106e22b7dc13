'use client'
/** Where a message is written: Enter sends, Shift+Enter breaks the line; while an answer runs the button stops it. */
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { useBrowserLayoutEffect } from '../hook/use-browser-layout-effect.ts'
import { Icon } from '../icon/icon.tsx'

export interface ChatComposerProps {
  readonly isBusy: boolean
  readonly isDisabled: boolean
  readonly onSend: (text: string) => void
  readonly onStop: () => void
  /** Something goes along that needs no words, e.g. a picture. */
  readonly hasAttachment?: boolean
  /** Beside the text, e.g. a button that attaches. */
  readonly children?: ReactNode
}

export function ChatComposer({ isBusy, isDisabled, onSend, onStop, hasAttachment = false, children }: ChatComposerProps) {
  const { chat } = useBudStrings()
  const [text, setText] = useState('')
  const input = useRef<HTMLTextAreaElement>(null)

  useBrowserLayoutEffect(() => {
    const element = input.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [text])

  const isEmpty = text.trim() === '' && !hasAttachment
  const send = () => {
    if (isBusy || isDisabled || isEmpty) return
    onSend(text)
    setText('')
  }

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // Input methods confirm a word with Enter; that must not send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  return (
    <form
      className="bud-composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {children}
      <textarea
        ref={input}
        className="bud-composer-input"
        rows={1}
        value={text}
        disabled={isDisabled}
        placeholder={chat.placeholder}
        aria-label={chat.inputLabel}
        onChange={(event) => {
          setText(event.target.value)
        }}
        onKeyDown={onKeyDown}
      />
      {isBusy ? (
        <button type="button" className="bud-button bud-composer-button" aria-label={chat.stop} title={chat.stop} onClick={onStop}>
          <Icon name="stop" />
        </button>
      ) : (
        <button
          type="submit"
          className="bud-button bud-button-primary bud-composer-button"
          aria-label={chat.send}
          title={chat.send}
          disabled={isDisabled || isEmpty}
        >
          <Icon name="send" />
        </button>
      )}
    </form>
  )
}
