/** How a configuration names a credential. */
import { createSecret, type Secret } from '@bud-foundry/core'
import { z } from 'zod'

/** What a Secret prints as; a configuration that was read and is written back holds it in place of each credential. */
const hiddenSecret = String(createSecret(''))

const isSecret = (value: unknown): value is Secret =>
  typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function'

/** A Secret, its plain text (turned into a Secret at once), or a reference for `parts.secrets`. */
export const credentialSchema = z
  .union([
    z.custom<Secret>(isSecret, 'expected a Secret'),
    z
      .string()
      .min(1)
      .transform((plain) => createSecret(plain)),
    z.strictObject({ reference: z.string().min(1) }),
  ])
  .refine(
    (credential) => !('reveal' in credential && credential.reveal() === hiddenSecret),
    `'${hiddenSecret}' is how a hidden secret prints: give the secret, or a reference to it`,
  )
