'use client'
/** The request of the playground in three languages, to take along. */
import { useMemo, useState } from 'react'
import { CopyButton } from '../part/copy-button.tsx'
import { toOptions, type Parameters } from './parameters.ts'
import { toSnippets } from './snippets.ts'

export interface PlaygroundCodeProps {
  readonly baseUrl: string | undefined
  readonly model: string
  readonly message: string
  readonly hasImage: boolean
  readonly parameters: Parameters
}

export function PlaygroundCode({ baseUrl, model, message, hasImage, parameters }: PlaygroundCodeProps) {
  const [language, setLanguage] = useState('curl')
  const snippets = useMemo(
    () =>
      toSnippets({
        // Only ever rendered after a press of a button, so there is a page.
        baseUrl: baseUrl ?? location.origin,
        model,
        message: message === '' ? 'Hello' : message,
        hasImage,
        ...toOptions(parameters),
      }),
    [baseUrl, model, message, hasImage, parameters],
  )
  const shown = snippets.find((snippet) => snippet.language === language)
  return (
    <div className="bud-code bud-playground-code">
      <div className="bud-code-bar">
        <span className="bud-badges">
          {snippets.map((snippet) => (
            <button
              key={snippet.language}
              type="button"
              className="bud-chip"
              aria-pressed={snippet.language === language}
              onClick={() => setLanguage(snippet.language)}
            >
              {snippet.language}
            </button>
          ))}
        </span>
        <CopyButton text={shown?.code ?? ''} />
      </div>
      <pre tabIndex={0} role="group" aria-label={language}>
        {shown?.code}
      </pre>
    </div>
  )
}
