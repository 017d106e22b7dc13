/** Mounts live widgets, or takes over what a server rendered when the page carries it. */
import { StrictMode } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { BudProvider, BudRoot, createBudClient } from '../../../src/index.ts'
import { Chat } from '../../../src/entry/chat.ts'
import { LiveStatus } from '../../../src/entry/live-status.ts'
import { LiveRequestTable } from '../../../src/entry/request-table.ts'
import { SessionGate } from '../../../src/entry/session.ts'
import { LiveTiles } from '../../../src/entry/stat-tile.ts'
import { LiveCharts } from '../../../src/entry/time-series.ts'
import '../../../src/style/styles.css'
import { instrument } from './instrument.ts'
import { FixedTree } from './tree.tsx'

instrument()

const host = document.getElementById('root')
if (host === null) throw new Error('The harness has no #root.')

const live = (
  <BudProvider client={createBudClient()}>
    <BudRoot dir={location.hash === '#rtl' ? 'rtl' : 'ltr'}>
      <SessionGate>
        <LiveStatus />
        <LiveTiles />
        <LiveCharts />
        <LiveRequestTable hasMore />
        <Chat />
      </SessionGate>
    </BudRoot>
  </BudProvider>
)

if (host.hasChildNodes()) {
  hydrateRoot(host, <FixedTree />)
} else {
  window.harness.mount = () => {
    const place = host.appendChild(document.createElement('div'))
    const root = createRoot(place)
    root.render(<StrictMode>{live}</StrictMode>)
    window.harness.unmount = () => {
      root.unmount()
      place.remove()
    }
  }
  window.harness.mount()
}
