/** Prints the silicon sample in the documented CSV format, for `bud-sim train` and `bud-sim validate`. */
import { readSiliconSample } from './silicon-sample.ts'

const rows = readSiliconSample().map(({ columns }) => columns)
const names = Object.keys(rows[0] ?? {})
process.stdout.write([names, ...rows.map((row) => names.map((name) => row[name] ?? ''))].map((cells) => `${cells.join(',')}\n`).join(''))
