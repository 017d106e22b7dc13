/** Rows as a CSV file, and any file onto the reader's disk. */

/** RFC 4180; a text that a spreadsheet would run as a formula is quoted as text. */
export function toCsvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(toCell).join(',')).join('\r\n')
}

function toCell(text: string): string {
  const isFormula = /^[=+@\t\r]|^-(?![\d.])/.test(text)
  return /[",\r\n]/.test(text) || isFormula ? `"${isFormula ? "'" : ''}${text.replaceAll('"', '""')}"` : text
}

/** As a file name of any system. */
export function toFileName(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')
}

export function save(blob: Blob, fileName: string): void {
  const address = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  URL.revokeObjectURL(address)
}
