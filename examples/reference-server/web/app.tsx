/** The console's frame: header, tabs, and the page that the address names. What must outlive a tab lives here; each page is fetched when it is opened. */
import { BudRoot, useChat, type UseChat } from '@bud-foundry/react'
import { SessionGate } from '@bud-foundry/react/session'
import { lazy, Suspense, useEffect } from 'react'
import { Brand } from './brand.tsx'
import { CommandPalette } from './command-palette.tsx'
import { Header } from './header.tsx'
import { OverviewPage } from './overview-page.tsx'
import { usePlanner, type Planner } from './planner.ts'
import { pageNames, useRoute, type Route } from './route.ts'
import { useTheme, type Theme } from './theme.ts'

const MetricsPage = lazy(async () => ({ default: (await import('./metrics-page.tsx')).MetricsPage }))
const RequestsPage = lazy(async () => ({ default: (await import('./requests-page.tsx')).RequestsPage }))
const PlaygroundPage = lazy(async () => ({ default: (await import('./playground-page.tsx')).PlaygroundPage }))
const PlanPage = lazy(async () => ({ default: (await import('./plan-page.tsx')).PlanPage }))
const GatewayPage = lazy(async () => ({ default: (await import('./gateway-page.tsx')).GatewayPage }))
const ClustersPage = lazy(async () => ({ default: (await import('./clusters-page.tsx')).ClustersPage }))
const KeysPage = lazy(async () => ({ default: (await import('./keys-page.tsx')).KeysPage }))

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

function Console({ theme, onTheme }: { readonly theme: Theme; readonly onTheme: (theme: Theme) => void }) {
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
      <CommandPalette route={route} onTheme={onTheme} />
      <main id="content" className="console-main" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Page route={route} chat={chat} planner={planner} />
        </Suspense>
      </main>
    </>
  )
}

function Loading() {
  return (
    <div className="bud page-loading" role="status">
      <span className="bud-spinner" />
      <span className="visually-hidden">Loading</span>
    </div>
  )
}

function Page({ route, chat, planner }: { readonly route: Route; readonly chat: UseChat; readonly planner: Planner }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage chat={chat} />
    case 'metrics':
      return <MetricsPage route={route} />
    case 'requests':
      return <RequestsPage route={route} />
    case 'gateway':
      return <GatewayPage route={route} />
    case 'playground':
      return <PlaygroundPage />
    case 'plan':
      return <PlanPage planner={planner} />
    case 'clusters':
      return <ClustersPage route={route} />
    case 'keys':
      return <KeysPage />
  }
}
