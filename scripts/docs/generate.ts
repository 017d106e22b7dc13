/** Prints the generated pages as JSON; runs with the condition `bud-source`, so that it describes the sources and not an old build. */
import { compatibilityPage } from './compatibility.ts'
import { configPage } from './config.ts'
import { errorsPage } from './errors.ts'

process.stdout.write(JSON.stringify([await compatibilityPage(), await errorsPage(), await configPage()]))
