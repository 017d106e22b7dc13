/** Real token counts, from a tokenizer that is loaded once a process. */

export interface Tokenizer {
  encode(text: string): readonly number[]
  /** One piece of text for each token; a character that spans tokens comes with the last of them. */
  pieces(tokens: readonly number[]): readonly string[]
}

// User text may spell special tokens; they are text here, and counted as such.
const asText = { disallowedSpecial: new Set<string>() }

async function load(): Promise<Tokenizer> {
  const { encode, decode } = await import('gpt-tokenizer/encoding/cl100k_base')
  return {
    encode: (text) => encode(text, asText),
    pieces: (tokens) => {
      let pending: number[] = []
      return tokens.map((token) => {
        pending.push(token)
        const text = decode(pending)
        if (text.endsWith('\ufffd') && pending.length < 8) return ''
        pending = []
        return text
      })
    },
  }
}

let loading: Promise<Tokenizer> | undefined
let loaded: Tokenizer | undefined

async function loadOnce(): Promise<Tokenizer> {
  loaded = await load()
  return loaded
}

/** cl100k_base, the vocabulary that Llama 3's was built upon: its counts are within a few per cent of the real ones. */
export function loadTokenizer(): Promise<Tokenizer> {
  loading ??= loadOnce()
  return loading
}

/** Whether the vocabulary is in memory, so that the next request does not wait for it. */
export function isTokenizerLoaded(): boolean {
  return loaded !== undefined
}
