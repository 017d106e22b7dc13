/** One log record as one line for people: time, level, message, fields. */

const levelNames: Readonly<Record<string, string>> = { debug: 'DEBUG', info: 'INFO ', warn: 'WARN ', error: 'ERROR' }

// A line break or an escape sequence inside a value would forge a line, or paint the terminal.
const escape = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

function formatValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value)
}

/** @param record A record as the JSON format writes it. The line ends with a line break. */
export function formatHuman(record: Readonly<Record<string, unknown>>): string {
  const { time, level, msg, ...fields } = record
  const levelText = String(level)
  const parts = [String(time), levelNames[levelText] ?? levelText, String(msg)]
  for (const [name, value] of Object.entries(fields)) parts.push(`${name}=${formatValue(value)}`)
  return `${escape(parts.join('  '))}\n`
}
