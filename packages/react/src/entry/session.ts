/** Public list of the session widgets. */
export { SessionGate, type SessionGateProps } from '../session/session-gate.tsx'
export { SignIn, type SignInProps } from '../session/sign-in.tsx'
export { useSession, type UseSession } from '../session/use-session.ts'
