/** Several models, one question. */
import { Playground } from '@bud-foundry/react/playground'

export function PlaygroundPage() {
  return (
    <>
      <div className="page-head">
        <h1>Playground</h1>
        <p>Send one message to several models, compare answers and speed, and take the code along.</p>
      </div>
      <Playground />
    </>
  )
}
