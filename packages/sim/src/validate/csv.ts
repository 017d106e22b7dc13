/** Reads comma-separated values with a header line (RFC 4180: quotes, doubled quotes, either line end). */

/** One record for each line, by column name; empty lines are skipped. */
export function parseCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const endRow = () => {
    row.push(cell)
    if (row.length > 1 || cell !== '') rows.push(row)
    row = []
    cell = ''
  }
  for (let index = text.charCodeAt(0) === 0xfeff ? 1 : 0; index < text.length; index += 1) {
    const char = text.charAt(index)
    if (quoted) {
      if (char !== '"') cell += char
      else if (text.charAt(index + 1) === '"') {
        cell += '"'
        index += 1
      } else quoted = false
    } else if (char === '"') quoted = true
    else if (char === ',') {
      row.push(cell)
      cell = ''
    } else if (char === '\n') endRow()
    else if (char !== '\r') cell += char
  }
  if (cell !== '' || row.length > 0) endRow()
  const [header = [], ...body] = rows
  return body.map((cells) => Object.fromEntries(header.map((name, column) => [name.trim(), cells[column] ?? ''])))
}
