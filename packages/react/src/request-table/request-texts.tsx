'use client'
/** What was asked and answered, where the server has captured it; asked for when it is opened. */
import { useState } from 'react'
import { readTexts, type StoredText } from '../client/request-record.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useResource } from '../hook/use-resource.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { Loaded } from '../part/loaded.tsx'

export function RequestTexts({ requestId }: { readonly requestId: string }) {
  const { requests } = useBudStrings()
  const [isOpened, setIsOpened] = useState(false)
  return (
    <details className="bud-disclosure" onToggle={() => setIsOpened(true)}>
      <summary>{requests.texts.title}</summary>
      {isOpened ? <Texts requestId={requestId} /> : null}
    </details>
  )
}

function Texts({ requestId }: { readonly requestId: string }) {
  const { requests } = useBudStrings()
  const { texts } = requests
  const stored = useResource({
    key: `texts:${requestId}`,
    load: async (client, signal) => ({ found: await readTexts(client, requestId, { signal }) }),
  })
  return (
    <Loaded resource={stored} isEmpty={({ found }) => found === undefined} empty={{ title: texts.none, hint: texts.noneHint }}>
      {({ found }) =>
        found === undefined ? null : (
          <>
            <Text title={texts.request} stored={found.request} />
            <Text title={texts.response} stored={found.response} />
          </>
        )
      }
    </Loaded>
  )
}

function Text({ title, stored: { text, isTruncated, bytes } }: { readonly title: string; readonly stored: StoredText }) {
  const { requests } = useBudStrings()
  const format = useBudFormat()
  if (text === undefined) return <p className="bud-detail-empty">{requests.texts.expired(title)}</p>
  const shown = toReadable(text)
  return (
    <div className="bud-code">
      <div className="bud-code-bar">
        <span>
          {title} · {isTruncated ? requests.texts.truncated(format.bytes(bytes)) : format.bytes(bytes)}
        </span>
        <CopyButton text={text} isIconOnly />
      </div>
      <pre tabIndex={0} role="group" aria-label={title}>
        <code>{shown}</code>
      </pre>
    </div>
  )
}

/** Exported for tests: JSON on several lines; a text of another kind, or one that was cut, as it is. */
export function toReadable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}
