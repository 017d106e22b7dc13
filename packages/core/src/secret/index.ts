/** Secrets at rest: envelope encryption with a rotating key ring, and Bud's encrypted credentials. */
export { openBudCredential } from './bud-credential.ts'
export { createEnvelope, generateEnvelopeKey, type Envelope, type EnvelopeKey } from './envelope.ts'
export type { PrivateKeySource } from './private-key.ts'
