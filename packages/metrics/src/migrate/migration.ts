/** What a migration is, and the checksum that proves it was never edited. */
import { createHash } from 'node:crypto'

/** Forward only. Every statement can run twice without harm, because a crash may leave a migration half done. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

/** 16 hex characters over the statements; white space at the ends of lines does not count. */
export function checksumMigration({ version, name, statements }: Migration): string {
  const text = statements.map((statement) => statement.replace(/[ \t]+$/gm, '').trim()).join('\n;\n')
  return createHash('sha256')
    .update(`${String(version)}\n${name}\n${text}`)
    .digest('hex')
    .slice(0, 16)
}
