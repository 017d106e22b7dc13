/** Chat on one side, what it does to the server on the other, and every request below. */
import type { UseChat } from '@bud-foundry/react'
import { ChatView } from '@bud-foundry/react/chat'
import { LiveRequestTable } from '@bud-foundry/react/request-table'
import { LiveTiles } from '@bud-foundry/react/stat-tile'
import { LiveCharts } from '@bud-foundry/react/time-series'
import { Tour } from './tour.tsx'

const suggestions = [
  'Explain prefill and decode to a web developer',
  'Write a haiku about a GPU at full load',
  'When is tensor parallelism worth its cost?',
]
const recent = { limit: 12 } as const

export function OverviewPage({ chat }: { readonly chat: UseChat }) {
  return (
    <>
      <h1 className="visually-hidden">Overview</h1>
      <Tour />
      <LiveTiles />
      <div className="overview-grid">
        <ChatView chat={chat} suggestions={suggestions} />
        <LiveCharts />
      </div>
      <section className="bud bud-panel requests-panel" aria-labelledby="recent-requests">
        <header className="bud-panel-header">
          <h2 id="recent-requests" className="bud-panel-title">
            Requests
          </h2>
          <a className="bud-button bud-button-ghost" href="#/requests">
            View all
          </a>
        </header>
        <LiveRequestTable query={recent} />
      </section>
    </>
  )
}
