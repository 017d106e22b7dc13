/** Shows what administrators may see; a session without the right is asked for an administrator's key first. */
import { useAction, useBudClient, useResource } from '@bud-foundry/react'
import { ErrorNotice } from '@bud-foundry/react/notice'
import { SignIn } from '@bud-foundry/react/session'
import type { ReactNode } from 'react'

export function AdminGuard({ children }: { readonly children: ReactNode }) {
  const client = useBudClient()
  const session = useResource({ key: 'session', load: (_, signal) => client.session({ signal }) })
  const signIn = useAction(async (apiKey: string, signal) => {
    const { scopes } = await client.session({ apiKey, signal })
    if (!scopes.includes('admin'))
      throw new Error('This key is valid, and lacks the scope admin. Use the key that the server printed at its start.')
    session.reload()
  })
  if (session.status === 'error') return <ErrorNotice message={session.error?.message ?? ''} onRetry={session.reload} />
  if (session.data === undefined) return <span className="bud-spinner" />
  if (session.data.scopes.includes('admin')) return children
  return (
    <div className="bud guard">
      <p className="guard-note">Administration needs a key with the scope admin; the server prints one when it starts.</p>
      <SignIn
        isBusy={signIn.state.kind === 'busy'}
        error={signIn.state.kind === 'failed' ? signIn.state.error.message : undefined}
        onSubmit={signIn.run}
      />
    </div>
  )
}
