/** `npm run format`: writes every file as prettier would. */
import { checkFormat } from './check/format.ts'
import { listFiles } from './check/repository.ts'

const { known, wrong } = await checkFormat(await listFiles(), true)
process.stdout.write(`${wrong.map((file) => `formatted ${file}\n`).join('')}${wrong.length} of ${known} files changed\n`)
