/** Light checks of what the server answered: the fields that the views rely on, named when they are wrong. */
import { BudClientError } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export function readFields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(where, 'an object', value)
  // Safe: a non-null object that is no array has string keys and unknown values.
  return value as Fields
}

export function readList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(where, 'a list', value)
  return value
}

export function readText(fields: Fields, name: string, where: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw invalid(`${where}.${name}`, 'a text', value)
  return value
}

export function readNumber(fields: Fields, name: string, where: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${where}.${name}`, 'a number', value)
  return value
}

/** Absent and `null` both mean that there is no value. */
export function readNumberOrNull(fields: Fields, name: string, where: string): number | null {
  const value = fields[name]
  return value === undefined || value === null ? null : readNumber(fields, name, where)
}

export function readTextOrUndefined(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' ? value : undefined
}

export function readNumberOrUndefined(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Parses JSON text; `where` names it in the error. */
export function readJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BudClientError({
      code: 'REACT_RESPONSE_INVALID',
      message: `${where} is not JSON: ${text.slice(0, 120)}`,
      cause,
    })
  }
}

function invalid(where: string, expected: string, value: unknown): BudClientError {
  const found = value === undefined ? 'nothing' : describe(value).slice(0, 80)
  return new BudClientError({
    code: 'REACT_RESPONSE_INVALID',
    message: `The server's answer has ${found} at ${where}, where ${expected} belongs. Are page and server of the same version?`,
  })
}

/** Functions and symbols have no JSON; they come from no server, but a test or a wrapper may pass them. */
function describe(value: unknown): string {
  const text: unknown = JSON.stringify(value)
  return typeof text === 'string' ? text : typeof value
}
