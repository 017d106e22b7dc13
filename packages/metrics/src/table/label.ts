/** Labels of a stated length: callers choose many of them, and each value is a group of its own in every rollup. */
import { createHash } from 'node:crypto'
import { metricsLimits } from '../limits.ts'

const hashChars = 32

/** As it is up to `metricsLimits.labelChars`; of a longer one the beginning, an ellipsis and a hash of the whole, so that different ones stay different. */
export function toLabel(text: string): string {
  const { labelChars } = metricsLimits
  if (text.length <= labelChars) return text
  const hash = createHash('sha256').update(text).digest('hex').slice(0, hashChars)
  return `${text.slice(0, labelChars - hashChars - 1).toWellFormed()}…${hash}`
}

/** All texts of requests but ids and the project, which says who may read a row; other kinds of events call theirs alike. */
const labelFields = [
  ...['keyId', 'userId', 'dialect', 'requestedModel', 'model', 'targetId', 'providerId', 'errorCode', 'finishReason'],
  ...['clientIp', 'userAgent', 'sessionId', 'promptId', 'promptVersion', 'method', 'route', 'countryCode', 'region', 'city'],
  ...['deviceType', 'browser', 'os', 'blockRuleId', 'priceVersion', 'source'],
]

type Fields = Readonly<Record<string, unknown>>

const isLong = (value: unknown): value is string => typeof value === 'string' && value.length > metricsLimits.labelChars
const cutValue = (value: unknown) => (isLong(value) ? toLabel(value) : value)

/* Plain loops, because they look at every request: nearly all of them come back as they are. */
function hasLongLabels(fields: Fields): boolean {
  for (const field of labelFields) if (isLong(fields[field])) return true
  return false
}

function hasLongTags(tags: unknown): tags is Fields {
  if (typeof tags !== 'object' || tags === null) return false
  // Safe: any object has fields of unknown values.
  for (const [name, value] of Object.entries(tags as Fields)) if (isLong(name) || isLong(value)) return true
  return false
}

/** The event with every label of a length that can be grouped and filtered by; what is no text stays for the schema to judge. */
export function cutLabels<Event extends object>(event: Event): Event {
  // Safe: any object has fields of unknown values.
  const fields = event as Fields
  const { tags } = fields
  const longTags = hasLongTags(tags)
  if (!longTags && !hasLongLabels(fields)) return event
  const labels = labelFields.filter((field) => isLong(fields[field])).map((field) => [field, cutValue(fields[field])] as const)
  return {
    ...event,
    ...Object.fromEntries(labels),
    ...(longTags ? { tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [toLabel(name), cutValue(value)])) } : {}),
  }
}
