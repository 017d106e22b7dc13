/** How to reach the same server from code: its address, and three calls to copy. */
import { CopyButton } from '@bud-foundry/react/notice'
import { useModels } from '@bud-foundry/react'
import { useRef, useState } from 'react'

const languages = ['curl', 'JavaScript', 'Python'] as const
type Language = (typeof languages)[number]

export function toSnippet(language: Language, baseUrl: string, model: string): string {
  switch (language) {
    case 'curl':
      return `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer $BUD_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "stream": true,
       "messages": [{"role": "user", "content": "Hello"}]}'`
    case 'JavaScript':
      return `import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${baseUrl}',
  apiKey: process.env.BUD_API_KEY,
})
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.choices[0].message.content)`
    case 'Python':
      return `import os
from openai import OpenAI

client = OpenAI(base_url="${baseUrl}", api_key=os.environ["BUD_API_KEY"])
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`
  }
}

export function ApiDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [language, setLanguage] = useState<Language>('curl')
  const model = useModels().data?.[0]?.id ?? 'your-model'
  const baseUrl = new URL('v1', document.baseURI).href
  const snippet = toSnippet(language, baseUrl, model)
  return (
    <>
      <button type="button" className="bud-button api-button" onClick={() => dialog.current?.showModal()}>
        Use the API
      </button>
      <dialog
        ref={dialog}
        className="api-dialog"
        aria-labelledby="api-dialog-title"
        onClick={(event) => {
          // A click on the backdrop has the dialog itself as its target.
          if (event.target === dialog.current) dialog.current.close()
        }}
      >
        <div className="api-dialog-body">
          <h2 id="api-dialog-title">Use the API</h2>
          <p>Any OpenAI client works with this address. The key is printed by the server when it starts.</p>
          <div className="segments" role="group" aria-label="Language">
            {languages.map((each) => (
              <button key={each} type="button" aria-pressed={each === language} onClick={() => setLanguage(each)}>
                {each}
              </button>
            ))}
          </div>
          <div className="bud-code">
            <div className="bud-code-bar">
              <span>{baseUrl}</span>
              <CopyButton text={snippet} />
            </div>
            <pre tabIndex={0} role="group" aria-label={`Example in ${language}`}>
              <code>{snippet}</code>
            </pre>
          </div>
          <button type="button" className="bud-button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  )
}
