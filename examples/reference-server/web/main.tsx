/** Starts the console. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BudProvider, createBudClient } from '@bud-foundry/react'
import '@bud-foundry/react/styles.css'
import { App } from './app.tsx'
import './page.css'

const host = document.getElementById('root')
if (host === null) throw new Error('index.html has no element #root; the console has nowhere to go.')

/** Some browsers name a language that `Intl` does not take, e.g. `en-US@posix`. */
function readLocale(): string {
  return navigator.languages.find((language) => /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language)) ?? 'en'
}

createRoot(host).render(
  <StrictMode>
    <BudProvider client={createBudClient()} locale={readLocale()}>
      <App />
    </BudProvider>
  </StrictMode>,
)
