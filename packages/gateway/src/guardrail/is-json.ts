/** Whether a text is JSON: what is none is read as it is written, whatever its field promises. */

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
