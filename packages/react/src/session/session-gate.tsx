'use client'
/** Shows its children once a session is open, and until then what stands in the way: a sign-in form or an unreachable server. */
import type { ReactNode } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { SignIn } from './sign-in.tsx'
import { useSession } from './use-session.ts'

export interface SessionGateProps {
  readonly children: ReactNode
  /** Shown above the form and the spinner, e.g. the product's name. */
  readonly brand?: ReactNode
  /** `main` where the gate is the whole page; default `div`. */
  readonly element?: 'div' | 'main'
}

export function SessionGate({ children, brand, element: Frame = 'div' }: SessionGateProps) {
  const { session } = useBudStrings()
  const { state, signIn, retry } = useSession()
  switch (state.kind) {
    case 'active':
      return children
    case 'starting':
      return (
        <Frame className="bud bud-gate">
          {brand}
          <span className="bud-spinner" />
          <span className="bud-hidden" role="status">
            {session.starting}
          </span>
        </Frame>
      )
    case 'signed-out':
      return (
        <Frame className="bud bud-gate">
          {brand}
          <SignIn isBusy={state.isBusy} error={state.error?.message} onSubmit={(apiKey) => void signIn(apiKey)} />
        </Frame>
      )
    case 'unreachable':
      return (
        <Frame className="bud bud-gate">
          {brand}
          <ErrorNotice
            title={session.unreachable}
            message={`${state.error.message} ${session.unreachableHint}`}
            onRetry={() => void retry()}
          />
        </Frame>
      )
  }
}
