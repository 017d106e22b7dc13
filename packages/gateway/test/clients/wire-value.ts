/** Reads values of requests whose shape the test upstreams do not know in advance. */

export type Json = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): Json =>
  // Checked; arrays do no harm here.
  typeof value === 'object' && value !== null ? (value as Json) : {}
export const asList = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(asObject) : [])
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The text of a string or of a list of text parts. */
export const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : asList(content)
        .map((part) => asText(part['text']))
        .join('')

/** Cuts a text where no client may care: in the middle of words and escapes. */
export const pieces = (text: string): readonly string[] => text.match(/[\s\S]{1,5}/gu) ?? []
