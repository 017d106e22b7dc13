/** Reads the secrets behind references and gathers what is wrong with them, instead of stopping at the first. */
import { isBudError, type ConfigIssue, type Secret, type SecretStore } from '@bud-foundry/core'
import { absoluteReference, isReference } from './reference.ts'

export class ReferenceReader {
  readonly problems: ConfigIssue[] = []
  /** Files that were read, to be watched. */
  readonly files = new Set<string>()
  readonly #secrets: SecretStore
  readonly #directory: string
  readonly #signal: AbortSignal

  constructor(options: { readonly secrets: SecretStore; readonly directory: string; readonly signal: AbortSignal }) {
    this.#secrets = options.secrets
    this.#directory = options.directory
    this.#signal = options.signal
  }

  /** Undefined, and a problem more, when there is nothing behind the reference. */
  async read(path: string, reference: string): Promise<Secret | undefined> {
    const absolute = absoluteReference(reference, this.#directory)
    if (absolute.startsWith('file:')) this.files.add(absolute.slice('file:'.length))
    try {
      return await this.#secrets.read(absolute, this.#signal)
    } catch (error) {
      if (!isBudError(error)) throw error
      const [message = '', fix] = error.message.split('; ', 2)
      this.problems.push({ path, message, fix })
      return undefined
    }
  }

  /** The text itself, or what is behind it when it is a reference. */
  async text(path: string, text: string | undefined): Promise<string | undefined> {
    if (text === undefined || !isReference(text)) return text
    return (await this.read(path, text))?.reveal()
  }
}
