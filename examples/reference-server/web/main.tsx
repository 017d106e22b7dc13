/** Starts the console. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BudProvider, createBudClient } from '@bud-foundry/react'
import '@bud-foundry/react/styles.css'
import { App } from './app.tsx'
import './page.css'

const host = document.getElementById('root')
if (host === null) throw new Error('index.html has no element #root; the console has nowhere to go.')

createRoot(host).render(
  <StrictMode>
    <BudProvider client={createBudClient()} locale={navigator.language}>
      <App />
    </BudProvider>
  </StrictMode>,
)
