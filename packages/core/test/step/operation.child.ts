/** A process that runs an operation of four steps with effects in a file, and kills itself at the point it is told. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createJournalRunner } from '../../src/step/journal-runner.ts'
import { createFileStore } from '../../src/store/file-store.ts'

const [directory = '', dieAt = ''] = process.argv.slice(2)
function passing(point: string): void {
  if (point === dieAt) process.kill(process.pid, 'SIGKILL')
}

const store = await createFileStore({ path: join(directory, 'store.db') })
const runner = createJournalRunner({ store, owner: 'operation.child' })
const result = await runner.run(
  'operation',
  async (step) => {
    const results: number[] = []
    for (const number of [1, 2, 3, 4]) {
      passing(`before ${String(number)}`)
      const value = await step(`step ${String(number)}`, async () => {
        appendFileSync(join(directory, 'effects'), `${String(number)}\n`)
        passing(`inside ${String(number)}`)
        return number * 10
      })
      results.push(value)
      passing(`after ${String(number)}`)
    }
    return results
  },
  new AbortController().signal,
)
writeFileSync(join(directory, 'result'), JSON.stringify(result))
await store[Symbol.asyncDispose]()
