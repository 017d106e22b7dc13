/** `npm run bench:rivals`: installs the gateways of others that the benchmark measures where they are present. */
import { installRival, rivals } from './rivals.ts'

for (const rival of Object.values(rivals)) {
  try {
    console.log(`${rival.name} ${rival.version}: ${await installRival(rival)}`)
  } catch (error) {
    // One that cannot be had is a gap in a table and no failure: the result file says why.
    console.log(error instanceof Error ? error.message : String(error))
  }
}
