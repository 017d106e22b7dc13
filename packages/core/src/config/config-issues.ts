/** Zod's issues as sentences for whoever wrote the value: where, what is wrong, what to write. Values are never repeated. */
import type { z } from 'zod'
import type { ConfigIssue } from '../error/core-errors.ts'
import { meantField } from './meant-field.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]
type Schema = z.ZodType | undefined

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a Date',
}

const formatExamples: Readonly<Record<string, string>> = {
  url: 'a URL such as https://example.com/path',
  email: 'an e-mail address such as name@example.com',
  date: 'a date such as 2026-01-31',
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  time: 'a time of day such as 12:00:00',
  duration: 'a duration such as PT1H30M',
  uuid: 'a UUID such as 123e4567-e89b-42d3-a456-426614174000',
  ipv4: 'an IPv4 address such as 192.0.2.1',
  ipv6: 'an IPv6 address such as 2001:db8::1',
  cidrv4: 'an IPv4 range such as 192.0.2.0/24',
  cidrv6: 'an IPv6 range such as 2001:db8::/32',
  base64: 'base64 text',
}

const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value))
const typeName = (expected: string): string => typeNames[expected] ?? `a value of type ${expected}`
const isMissing = (issue: Issue): boolean => issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
const sentence = (parts: readonly string[]): string => [...new Set(parts)].join(' or ')

function boundFix(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const small = issue.code === 'too_small'
  const bound = small ? issue.minimum : issue.maximum
  const shown = issue.origin === 'date' ? new Date(Number(bound)).toISOString() : String(bound)
  const units: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item', map: 'item', file: 'byte' }
  const unit = units[issue.origin]
  const counted = unit === undefined ? shown : `${shown} ${unit}${shown === '1' ? '' : 's'}`
  if (issue.exact === true) return `use exactly ${counted}`
  if (issue.inclusive !== false) return `use ${small ? 'at least' : 'at most'} ${counted}`
  return `use ${small ? 'more' : 'less'} than ${counted}`
}

function formatFix(issue: Extract<Issue, { code: 'invalid_format' }>): string | undefined {
  // A schema's own message says what is asked for; a pattern beside it would only repeat it less well.
  const text = (name: string) =>
    name in issue && typeof issue[name as keyof typeof issue] === 'string' ? show(issue[name as keyof typeof issue]) : ''
  switch (issue.format) {
    case 'starts_with':
      return `start it with ${text('prefix')}`
    case 'ends_with':
      return `end it with ${text('suffix')}`
    case 'includes':
      return `include ${text('includes')} in it`
    case 'regex':
      return issue.message.startsWith('Invalid string') ? `write text that matches ${issue.pattern ?? 'the pattern'}` : undefined
    default:
      return `write ${formatExamples[issue.format] ?? `valid ${issue.format} text`}`
  }
}

/** What to write instead, for an issue that is not a union. */
function fixOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const quoted = issue.message.endsWith('received string') && ['number', 'int', 'boolean'].includes(issue.expected)
      return isMissing(issue)
        ? `add it: ${typeName(issue.expected)}`
        : `write ${typeName(issue.expected)}${quoted ? ', without quotes' : ''}`
    }
    case 'invalid_value':
      return issue.values.length === 1 ? `write ${show(issue.values[0])}` : `use one of ${issue.values.map(show).join(', ')}`
    case 'too_small':
    case 'too_big':
      return boundFix(issue)
    case 'not_multiple_of':
      return `use a multiple of ${String(issue.divisor)}`
    case 'invalid_format':
      return formatFix(issue)
    case 'invalid_key':
    case 'invalid_element':
      return sentence(issue.issues.map(fixOf).filter((fix) => fix !== undefined))
    default:
      return undefined
  }
}

function messageOf(issue: Issue): string {
  if (isMissing(issue)) return 'is required and missing'
  if (issue.code === 'invalid_key') return 'has a name that is not allowed here'
  if (issue.code === 'invalid_element') return 'has a value that is not allowed here'
  return issue.message
}

const toIssue = (path: Path, message: string, fix: string | undefined): ConfigIssue => ({
  path: path.length === 0 ? '(root)' : path.map(String).join('.'),
  message,
  fix: fix === '' ? undefined : fix,
})

const ownMessage = 'Invalid input'
const isWrongAtRoot = (issue: Issue): boolean =>
  issue.path.length === 0 &&
  (issue.code === 'invalid_type' || issue.code === 'invalid_value' || (issue.code === 'custom' && issue.message === ownMessage))

/** The schema's own words first; else the nearest branch that got the type right; else every branch's wish. */
function unionIssues(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, schema: Schema): readonly ConfigIssue[] {
  if ('options' in issue) {
    return [toIssue(path, 'has a value that is not allowed here', `use one of ${issue.options.map(show).join(', ')}`)]
  }
  const missing = issue.errors.some((branch) => branch.some((inner) => inner.path.length === 0 && isMissing(inner)))
  if (issue.message !== ownMessage) {
    return [missing ? toIssue(path, 'is required and missing', issue.message) : toIssue(path, issue.message, undefined)]
  }
  const close = issue.errors.filter((branch) => branch.length > 0 && !branch.some(isWrongAtRoot))
  const [nearest] = [...close].sort((one, other) => one.length - other.length)
  if (nearest !== undefined) return nearest.flatMap((inner) => expand(inner, path, schema))
  const wishes = issue.errors.flatMap((branch) => branch.flatMap((inner) => expand(inner, path, schema)).map(({ fix }) => fix ?? ''))
  const message = missing ? 'is required and missing' : 'matches none of the allowed forms'
  return [toIssue(path, message, sentence(wishes.filter((wish) => wish !== '')))]
}

function expand(issue: Issue, before: Path, schema: Schema): readonly ConfigIssue[] {
  const path = [...before, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const meant = schema === undefined ? undefined : meantField(schema, path, key)
        const fix = meant === undefined ? 'remove it or correct the spelling' : `write '${meant}' if that was meant, or remove it`
        return toIssue([...path, key], 'is not a known field', fix)
      })
    case 'invalid_union':
      return unionIssues(issue, path, schema)
    default:
      return [toIssue(path, messageOf(issue), fixOf(issue))]
  }
}

/**
 * The problems of a failed parse, each with its field's path; values themselves are never repeated, so that no secret is.
 * @param schema What was parsed with: for misspelt fields, the one that was probably meant.
 */
export function toConfigIssues(error: z.core.$ZodError, schema?: z.ZodType): readonly ConfigIssue[] {
  return error.issues.flatMap((issue) => expand(issue, [], schema))
}
