/** Reading options of the command line: what is wrong names the option and what to write. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { gatewayErrors } from '../errors.ts'

export interface StoreOptions {
  readonly dataDir: string
  readonly store: string | undefined
}

export const storeFlags = { 'data-dir': { type: 'string' }, store: { type: 'string' } } as const
export const recordFlags = { ...storeFlags, json: { type: 'boolean' } } as const

export const problem = (option: string, text: string) => gatewayErrors.OPTION_INVALID({ option, problem: text })

export function whole(option: string, text: string | undefined, range: readonly [number, number]): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= range[0] && value <= range[1]) return value
  throw problem(option, `is '${text}'; write a whole number from ${String(range[0])} to ${String(range[1])}`)
}

/** An amount that is not negative. */
export function amount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw problem(option, `is '${text}'; write an amount such as 12.50`)
}

export function oneOf<const Choice extends string>(
  option: string,
  text: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (text === undefined) return undefined
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw problem(option, `is '${text}'; use one of ${choices.join(', ')}`)
  return found
}

export function required<Value extends string | number>(option: string, value: Value | undefined): Value {
  if (value === undefined || value === '') throw problem(option, 'is missing; add it, or see bud-gateway --help')
  return value
}

export function parse<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
  positionals = 0,
) {
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: positionals > 0 })
  } catch (error) {
    // parseArgs says which option is wrong, and how.
    throw problem('the command line:', error instanceof Error ? error.message : String(error))
  }
  if (parsed.positionals.length > positionals) throw problem(`'${parsed.positionals.at(-1) ?? ''}'`, 'is one word too many; remove it')
  return parsed
}

export const storeOptions = (values: { readonly 'data-dir'?: string | undefined; readonly store?: string | undefined }): StoreOptions => ({
  dataDir: values['data-dir'] ?? 'bud-gateway-data',
  store: values.store,
})

/** The fields that have a value. */
export const given = <Fields extends object>(fields: Fields): Partial<Fields> =>
  // Safe: what is left out was undefined.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
