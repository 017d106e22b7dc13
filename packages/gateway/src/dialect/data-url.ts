/** Data URLs and plain URLs as sources of images and documents. */
import type { CanonicalSource } from '@bud-foundry/core'

/** RFC 2397, base64 form only. */
const dataUrl = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i

/** A base64 data URL becomes base64 with its media type, everything else stays a URL. */
export function toSource(url: string): CanonicalSource {
  // The prefix is short: a data URL of megabytes must not run through a regular expression.
  const match = dataUrl.exec(url.slice(0, 256))
  return match === null
    ? { kind: 'url', url }
    : {
        kind: 'base64',
        mediaType: match[1] === '' || match[1] === undefined ? 'application/octet-stream' : match[1],
        data: url.slice(match[0].length),
      }
}

export const toDataUrl = (mediaType: string, data: string): string => `data:${mediaType};base64,${data}`
