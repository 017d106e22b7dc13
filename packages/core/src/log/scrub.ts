/** Turns whatever is logged into plain, bounded data without secrets. */
import { isSecret } from '../config/secret.ts'
import { isBudError } from '../error/bud-error.ts'
import { coreLimits } from '../limits.ts'
import { redacted, scrubText } from './scrub-text.ts'

/** What is hidden in addition. */
export interface Redaction {
  /** Further field names that hide their value, compared without case, dashes and underscores. */
  readonly fields?: readonly string[]
  /** Further patterns that are hidden in every text; they need the flag `g`. */
  readonly patterns?: readonly RegExp[]
}

const plainName = (name: string): string => name.toLowerCase().replace(/[-_.\s]/g, '')

// Names are compared whole or by their end, so that `inputTokens` and `timeToFirstTokenMs` stay readable.
const hiddenNames = new Set([
  ...[
    'authorization',
    'proxyauthorization',
    'cookie',
    'setcookie',
    'credential',
    'credentials',
    'passwd',
    'pwd',
    'signature',
    'sig',
    'jwt',
  ],
  ...['token', 'bearer', 'sessionid', 'accesskeyid', 'xamzsecuritytoken', 'privatekeypem', 'auth', 'apikeys', 'secrets', 'passwords'],
])
const hiddenEnd =
  /(?:apikey|accesskey|secretkey|privatekey|signingkey|subscriptionkey|secret|password|passphrase|credential|(?:access|refresh|id|auth|session|bearer|api|csrf|security|admin)token)$/

/** Makes values and texts safe to write. */
export interface Scrubber {
  /** Fields of a log line: `error` becomes its fields, everything else is copied without secrets. */
  fields(fields: Readonly<Record<string, unknown>>): Record<string, unknown>
  text(text: string): string
}

class SecretScrubber implements Scrubber {
  readonly #names: ReadonlySet<string>
  readonly #patterns: readonly RegExp[]

  /** Values that this line may still show: depth and width alone would allow billions. */
  #valuesLeft = 0

  constructor(redaction: Redaction) {
    this.#names = new Set([...hiddenNames, ...(redaction.fields ?? []).map(plainName)])
    this.#patterns = redaction.patterns ?? []
  }

  text(text: string): string {
    return scrubText(text, this.#patterns)
  }

  fields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
    this.#valuesLeft = coreLimits.logValuesMax
    return this.#object(Object.entries(fields), 0, new Set())
  }

  #isHidden(name: string): boolean {
    const plain = plainName(name)
    return this.#names.has(plain) || hiddenEnd.test(plain)
  }

  #value(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
    this.#valuesLeft -= 1
    if (this.#valuesLeft < 0) return '[too much]'
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'bigint':
        return value.toString()
      case 'function':
      case 'symbol':
        return `[${typeof value}]`
      case 'number':
        // JSON knows no other numbers, and would print null.
        return Number.isFinite(value) ? value : String(value)
      case 'object':
        return value === null ? null : this.#structure(value, depth, above)
      default:
        return value
    }
  }

  #structure(value: object, depth: number, above: ReadonlySet<object>): unknown {
    if (isSecret(value)) return '[secret]'
    if (above.has(value)) return '[circular]'
    if (depth >= coreLimits.logDepthMax) return '[too deep]'
    try {
      return this.#copy(value, depth, new Set(above).add(value))
    } catch {
      // A getter or a proxy that throws must not take the event down with it.
      return '[unreadable]'
    }
  }

  #copy(value: object, depth: number, within: ReadonlySet<object>): unknown {
    if (value instanceof Error || isBudError(value)) return this.#error(value, depth, within)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof URL || value instanceof RegExp) return this.text(String(value))
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${String(value.byteLength)} bytes]`
    if (Array.isArray(value)) return this.#list(value, depth, within)
    if (value instanceof Set) return this.#list([...value], depth, within)
    if (value instanceof Map)
      return this.#object(
        [...value].map(([name, part]) => [typeof name === 'object' ? '[object]' : String(name), part] as const),
        depth,
        within,
      )
    if (typeof Headers === 'function' && value instanceof Headers) return this.#object([...value], depth, within)
    if (value instanceof URLSearchParams) return this.#object([...value], depth, within)
    return this.#object(Object.entries(value), depth, within)
  }

  #object(entries: readonly (readonly [string, unknown])[], depth: number, above: ReadonlySet<object>): Record<string, unknown> {
    // fromEntries and not assignment, which a field named __proto__ would turn against the copy.
    const copy: Record<string, unknown> = Object.fromEntries(
      entries.slice(0, coreLimits.logFieldsMax).map(([name, value]) => {
        const hide = value !== undefined && this.#isHidden(name)
        return [this.text(name), hide ? this.#hide(value) : this.#value(value, depth + 1, above)]
      }),
    )
    if (entries.length > coreLimits.logFieldsMax) copy['…'] = `${String(entries.length - coreLimits.logFieldsMax)} more fields`
    return copy
  }

  /** Headers also come as lists: names and values in turn, as node:http has them, or as pairs. */
  #list(list: readonly unknown[], depth: number, above: ReadonlySet<object>): unknown[] {
    const copy = list.slice(0, coreLimits.logFieldsMax).map((value, index) => {
      const before = list[index - 1]
      return typeof before === 'string' && this.#isHidden(before) ? this.#hide(value) : this.#value(value, depth + 1, above)
    })
    if (list.length > coreLimits.logFieldsMax) copy.push(`${String(list.length - coreLimits.logFieldsMax)} more items`)
    return copy
  }

  /** Flags and absent values say nothing secret: `password: false`. */
  #hide(value: unknown): unknown {
    return typeof value === 'boolean' || value === null ? value : redacted
  }

  /** Code, message and causes. The details of a BudError stay out: its message says what they have to say. */
  #error(error: Error, depth: number, above: ReadonlySet<object>): Record<string, unknown> {
    const fields: Record<string, unknown> = { name: this.text(error.name), message: this.text(error.message) }
    if (isBudError(error)) {
      fields['code'] = error.code
      fields['status'] = error.status
      fields['retryable'] = error.retryable
      fields['scope'] = error.scope
      if (error.retryAfterMs !== undefined) fields['retryAfterMs'] = error.retryAfterMs
    } else {
      for (const name of ['code', 'syscall', 'address', 'port', 'path', 'status', 'statusCode'] as const) {
        const value: unknown = name in error ? error[name as keyof Error] : undefined
        if (typeof value === 'string' || typeof value === 'number') fields[name] = this.#value(value, depth, above)
      }
      // An error outside a catalogue was not foreseen: only the stack says where it comes from.
      if (error.stack !== undefined) fields['stack'] = this.text(error.stack)
    }
    if (error instanceof AggregateError) fields['errors'] = this.#list(error.errors, depth, above)
    if (error.cause !== undefined) {
      fields['cause'] = depth + 1 < coreLimits.logCausesMax ? this.#value(error.cause, depth + 1, above) : '[more causes]'
    }
    return fields
  }
}

/** Secrets are found by type (Secret), by field name and by shape. */
export function createScrubber(redaction: Redaction = {}): Scrubber {
  return new SecretScrubber(redaction)
}
