/** A process that opens a directory and prints what happened. */
import { isBudError } from '@bud-foundry/core'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'

try {
  const client = await createEmbeddedClient({ directory: process.argv[2] ?? '' })
  await client[Symbol.asyncDispose]()
  console.log('opened')
} catch (error) {
  console.log(isBudError(error) ? `${error.code}: ${error.message}` : String(error))
}
