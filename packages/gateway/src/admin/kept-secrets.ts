/** Puts back the secrets of a configuration that an administrator was shown as `[secret]` and sends again. */
import { isSecret } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'

/** What JSON shows of a secret. */
const hidden = '[secret]'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const idOf = (value: unknown): unknown => (isRecord(value) ? value['id'] : undefined)

/** Elements with an id are found by it, so that secrets stay with their targets whatever their order becomes. */
function memberOf(current: unknown, key: string, value: unknown): unknown {
  if (!Array.isArray(current)) return isRecord(current) && !isSecret(current) && Object.hasOwn(current, key) ? current[key] : undefined
  const id = idOf(value)
  return id === undefined ? current[Number(key)] : current.find((each) => idOf(each) === id)
}

/** @throws GATEWAY_SECRET_UNKNOWN for a `[secret]` that stands where `current` has none. */
export function keepSecrets(next: unknown, current: unknown, path = ''): unknown {
  if (next === hidden) {
    if (isSecret(current)) return current
    throw gatewayErrors.SECRET_UNKNOWN({ path })
  }
  if (!isRecord(next) || isSecret(next)) return next
  const inside = (key: string, value: unknown) => keepSecrets(value, memberOf(current, key, value), path === '' ? key : `${path}.${key}`)
  if (Array.isArray(next)) return next.map((value, index) => inside(String(index), value))
  return Object.fromEntries(Object.entries(next).map(([key, value]) => [key, inside(key, value)]))
}
