/** Finds a field that stands twice in one object: readers of JSON differ in which of the two they take, so nobody can say what was read. */

/** The position of the quote that ends the string which begins at `start`. */
function closingQuote(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); ; at = json.indexOf('"', at + 1)) {
    let slashes = 0
    while (json.charCodeAt(at - 1 - slashes) === 0x5c) slashes += 1
    if (slashes % 2 === 0) return at
  }
}

/** What a string between two quotes says. */
function meaning(json: string, start: number, end: number): string {
  const written = json.slice(start + 1, end)
  // Parsed JSON is a string here: the quotes are its own.
  return written.includes('\\') ? (JSON.parse(json.slice(start, end + 1)) as string) : written
}

/** The name of the first such field of text that JSON.parse takes; undefined when there is none. */
export function repeatedField(json: string): string | undefined {
  /** Names seen in each object that is open; undefined for an array. */
  const open: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  let isName = false
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case 0x22: {
        const end = closingQuote(json, at)
        if (isName && names !== undefined) {
          const name = meaning(json, at, end)
          if (names.has(name)) return name
          names.add(name)
          isName = false
        }
        at = end
        break
      }
      case 0x7b:
        open.push((names = new Set()))
        isName = true
        break
      case 0x5b:
        open.push((names = undefined))
        isName = false
        break
      case 0x7d:
      case 0x5d:
        open.pop()
        names = open.at(-1)
        isName = false
        break
      case 0x2c:
        isName = names !== undefined
        break
    }
  }
  return undefined
}
