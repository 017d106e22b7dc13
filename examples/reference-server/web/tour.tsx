/** The first visit: what to look at, in the order in which it becomes alive, with traffic of its own on demand. */
import { useAction, useBudClient, useModels } from '@bud-foundry/react'
import { useState } from 'react'

const seenKey = 'bud-console-tour-seen'
/** Enough for the charts to show something, over in a few seconds on one machine. */
const demoRequests = 24
const atOnce = 4

const questions = ['What is a KV cache?', 'Explain continuous batching.', 'Name three uses of embeddings.', 'Why is decode memory-bound?']

const steps = [
  { href: '#/', name: 'Chat', text: 'Ask the model below. An engine twin answers with the timing of a real GPU, so no GPU is needed.' },
  { href: '#/metrics', name: 'Watch', text: 'Every request is measured at the gateway: latency, tokens, cost, by model, key and target.' },
  { href: '#/plan', name: 'Plan', text: 'Which engine settings on which devices serve a model best? A simulator ranks them.' },
  {
    href: '#/clusters',
    name: 'Deploy',
    text: 'Put a plan on the demo cluster, see what would change, and send it traffic a moment later.',
  },
] as const

function hasSeen(): boolean {
  try {
    return localStorage.getItem(seenKey) !== null
  } catch {
    // Storage that is refused: the tour shows each time, which does no harm.
    return false
  }
}

export function Tour() {
  const [isShown, setIsShown] = useState(() => !hasSeen())
  const client = useBudClient()
  const models = useModels().data ?? []
  const model = models[0]?.id
  const traffic = useAction(async (name: string, signal) => {
    for (let sent = 0; sent < demoRequests; sent += atOnce) {
      await Promise.all(
        Array.from({ length: atOnce }, async (_, index) => {
          const content = questions[(sent + index) % questions.length] ?? ''
          for await (const _delta of client.chat(
            { model: name, messages: [{ role: 'user', content }], maxTokens: 24 + 8 * index },
            { signal },
          ));
        }),
      )
    }
  })
  if (!isShown) return null
  return (
    <section className="bud bud-panel tour" aria-labelledby="tour-title">
      <header className="bud-panel-header">
        <h2 id="tour-title" className="bud-panel-title">
          Welcome: everything here is alive
        </h2>
        <span className="bud-panel-actions">
          <button
            type="button"
            className="bud-button bud-button-primary"
            disabled={model === undefined || traffic.state.kind === 'busy'}
            onClick={() => {
              if (model !== undefined) traffic.run(model)
            }}
          >
            {traffic.state.kind === 'busy' ? 'Sending…' : 'Send demo traffic'}
          </button>
          <button
            type="button"
            className="bud-button"
            onClick={() => {
              try {
                localStorage.setItem(seenKey, '1')
              } catch {
                // See above.
              }
              setIsShown(false)
            }}
          >
            Close the tour
          </button>
        </span>
      </header>
      <ol className="tour-steps">
        {steps.map(({ href, name, text }) => (
          <li key={name}>
            <a href={href}>{name}</a>
            <p>{text}</p>
          </li>
        ))}
      </ol>
      <p className="tour-state" role="status">
        {traffic.state.kind === 'done'
          ? `${String(demoRequests)} requests were sent and answered.`
          : traffic.state.kind === 'failed'
            ? traffic.state.error.message
            : ''}
      </p>
    </section>
  )
}
