/** Scans the top-level members of a JSON object without building it, for the plain dialect. */

export interface Member {
  readonly key: string
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** The end of the JSON text that begins here: a string, or a bracketed or bare value up to the next comma or closing bracket. */
function valueEnd(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index += 1) {
    const char = text[index]
    if (char === '"') {
      for (index += 1; text[index] !== '"'; index += 1) if (text[index] === '\\') index += 1
      if (depth === 0) return index + 1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      if (depth === 0) return index
      depth -= 1
      if (depth === 0) return index + 1
    } else if (depth === 0 && (char === ',' || char === ' ' || char === '\n' || char === '\t')) return index
  }
  return text.length
}

const skipSpace = (text: string, start: number): number => {
  let index = start
  while (/[\s,:]/.test(text.charAt(index))) index += 1
  return index
}

/** @param text A JSON object, known to be valid. */
export function topLevelMembers(text: string): readonly Member[] {
  const members: Member[] = []
  let index = skipSpace(text, text.indexOf('{') + 1)
  while (text[index] === '"') {
    const keyEnd = valueEnd(text, index)
    const valueStart = skipSpace(text, keyEnd)
    const end = valueEnd(text, valueStart)
    members.push({ key: String(JSON.parse(text.slice(index, keyEnd))), start: index, valueStart, end })
    index = skipSpace(text, end)
  }
  return members
}
