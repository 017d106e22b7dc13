/** What stands between the page and its data: session, status, range, notices. */
import { LiveStatus } from '../src/entry/live-status.ts'
import { EmptyNotice, ErrorNotice } from '../src/entry/notice.ts'
import { SessionGate, SignIn } from '../src/entry/session.ts'
import { TimeRange } from '../src/entry/time-range.ts'
import { failed } from './support/states.ts'

export default { title: 'Frame' }

export const SignInForm = () => <SignIn isBusy={false} error={undefined} onSubmit={() => {}} />
export const SignInRefused = () => <SignIn isBusy={false} error="This API key is not known or was revoked." onSubmit={() => {}} />
export const Unreachable = { ...failed, render: () => <SessionGate>never</SessionGate> }
export const Status = () => <LiveStatus />
export const Range = () => <TimeRange value="1h" onChange={() => {}} />
export const Nothing = () => <EmptyNotice title="No requests yet" hint="Send a chat message, or point any OpenAI client at this server." />
export const Failure = () => <ErrorNotice message="the database does not answer; try again in a minute" onRetry={() => {}} />
