/** Citations of web pages, the kind that both dialects know. */
import type { CanonicalCitation } from '@bud-foundry/core'
import { asArray, asObject, asString } from '../sse-frame.ts'

type Json = Readonly<Record<string, unknown>>

/** A citation with a URL; those of documents that the caller sent have none and no counterpart. */
export function readCitation(raw: unknown): CanonicalCitation | undefined {
  const citation = asObject(raw)
  const url = asString(citation?.['url']) ?? asString(citation?.['source'])
  if (url === undefined || !/^https?:/i.test(url)) return undefined
  const citedText = asString(citation?.['cited_text'])
  return { url, title: asString(citation?.['title']), ...(citedText === undefined ? {} : { citedText }) }
}

/** The `citations` of a text block as members of a part. */
export function citationsOf(block: Json): { readonly citations?: readonly CanonicalCitation[] } {
  const citations = asArray(block['citations'])
    .map(readCitation)
    .filter((citation) => citation !== undefined)
  return citations.length === 0 ? {} : { citations }
}

/** A citation as Anthropic's web search writes it. */
export const encodeCitation = (citation: CanonicalCitation) => ({
  type: 'web_search_result_location',
  url: citation.url,
  title: citation.title ?? null,
  cited_text: citation.citedText ?? '',
  encrypted_index: '',
})
