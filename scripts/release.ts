/** `npm run release`: publishes what the registry does not have yet; the release workflow calls it after the version commit is merged. */
import { runBin } from './check/repository.ts'

const { code, output } = await runBin('changeset', ['publish'])
process.stdout.write(output)
process.exitCode = code
