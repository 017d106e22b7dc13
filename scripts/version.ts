/** `npm run version`: turns the waiting changesets into version numbers and changelogs, and brings the lock file along. */
import { run, runBin } from './check/repository.ts'

for (const step of [
  () => runBin('changeset', ['version']),
  () => run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']),
]) {
  const { code, output } = await step()
  process.stdout.write(output)
  if (code !== 0) process.exit(code)
}
