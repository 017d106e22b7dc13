/** The console's frame: header, tabs, and the page that the address names. What must outlive a tab lives here. */
import { BudRoot, useChat, type UseChat } from '@bud-foundry/react'
import { SessionGate } from '@bud-foundry/react/session'
import { useEffect } from 'react'
import { Brand } from './brand.tsx'
import { Header } from './header.tsx'
import { OverviewPage } from './overview-page.tsx'
import { PlanPage } from './plan-page.tsx'
import { usePlanner, type Planner } from './planner.ts'
import { RequestsPage } from './requests-page.tsx'
import { useRoute, type Route } from './route.ts'
import { useTheme } from './theme.ts'

export function App() {
  const [theme, setTheme] = useTheme()
  return (
    <BudRoot theme={theme} className="console">
      <SessionGate brand={<Brand />} element="main">
        <Console theme={theme} onTheme={setTheme} />
      </SessionGate>
    </BudRoot>
  )
}

const pageNames = { overview: 'Overview', requests: 'Requests', plan: 'Plan' } as const

function Console({ theme, onTheme }: Omit<Parameters<typeof Header>[0], 'route'>) {
  const route = useRoute()
  const chat = useChat()
  const planner = usePlanner()
  useEffect(() => {
    document.title = `${pageNames[route.page]} · Bud Foundry`
  }, [route.page])
  return (
    <>
      {/* Not a link: the part after # names the page. */}
      <button type="button" className="skip-link" onClick={() => document.getElementById('content')?.focus()}>
        Skip to content
      </button>
      <Header route={route} theme={theme} onTheme={onTheme} />
      <main id="content" className="console-main" tabIndex={-1}>
        <Page route={route} chat={chat} planner={planner} />
      </main>
    </>
  )
}

function Page({ route, chat, planner }: { readonly route: Route; readonly chat: UseChat; readonly planner: Planner }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage chat={chat} />
    case 'requests':
      return <RequestsPage requestId={route.requestId} />
    case 'plan':
      return <PlanPage planner={planner} />
  }
}
