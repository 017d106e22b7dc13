/** What OTLP's traces and metrics have in common: attributes, times, and bodies that are protobuf or JSON. */
import { toConfigIssues } from '@bud-foundry/core'
import protobuf from 'protobufjs'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'

/** Texts, numbers, booleans, and JSON of anything else. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/* The part of opentelemetry-proto's common/v1 and resource/v1 that is read; field numbers are the contract. */
const commonProto = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message InstrumentationScope { string name = 1; string version = 2; }`

const anyValueSchema = z.looseObject({})
export const keyValuesSchema = z.array(z.object({ key: z.string(), value: anyValueSchema.nullish() })).nullish()
export const nanosSchema = z.union([z.string(), z.number()]).nullish()

type KeyValues = z.infer<typeof keyValuesSchema>

function toAttribute(value: Readonly<Record<string, unknown>>): string | number | boolean {
  const { stringValue, boolValue, intValue, doubleValue } = value
  if (typeof stringValue === 'string') return stringValue
  if (typeof boolValue === 'boolean') return boolValue
  if (intValue !== undefined && intValue !== null) return Number(intValue)
  if (typeof doubleValue === 'number') return doubleValue
  return JSON.stringify(toPlain(value))
}

/** Arrays and lists of pairs as plain JSON values. @throws METRICS_OTLP_INVALID when they are nested too deep */
function toPlain(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > metricsLimits.otlpDepth)
    throw metricsErrors.OTLP_INVALID({ problem: `an attribute is nested deeper than ${String(metricsLimits.otlpDepth)} levels` })
  // Safe: any object has fields of unknown values.
  const entry = value as Readonly<Record<string, unknown>>
  const array = z.object({ values: z.array(z.unknown()) }).safeParse(entry['arrayValue'])
  if (array.success) return array.data.values.map((inner) => toPlain(inner, depth + 1))
  const pairs = z.object({ values: keyValuesSchema }).safeParse(entry['kvlistValue'])
  if (pairs.success && pairs.data.values)
    return Object.fromEntries(pairs.data.values.map(({ key, value: inner }) => [key, toPlain(inner, depth + 1)]))
  return toAttributeOrNull(entry)
}

const toAttributeOrNull = (entry: Readonly<Record<string, unknown>>): unknown =>
  entry['stringValue'] ?? entry['boolValue'] ?? (entry['intValue'] === undefined ? entry['doubleValue'] : Number(entry['intValue'])) ?? null

export const toAttributes = (list: KeyValues): Attributes =>
  Object.fromEntries((list ?? []).flatMap(({ key, value }) => (value === null || value === undefined ? [] : [[key, toAttribute(value)]])))

/** Nanoseconds do not fit a double: the milliseconds are cut off first. 0: not told, or no number of 64 bits. */
export function toMs(value: string | number | null | undefined): number {
  const text = String(value ?? 0)
  if (!/^\d{1,20}$/.test(text)) return 0
  const nanoseconds = BigInt(text)
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6
}

/** A field that its sender left out is 0, which no span and no point can have been at. */
export const isTimeKnown = (unixMs: number): boolean => unixMs > 0 && unixMs < metricsLimits.eventTimeUnixMsMax
export const timeProblem = 'missing, 0, no whole number of nanoseconds, or not before 2090'

export const isJson = (contentType: string): boolean => contentType.startsWith('application/json')

/** One request message of the protocol. */
export interface OtlpMessage {
  /** @throws METRICS_OTLP_INVALID */
  read<Schema extends z.ZodType>(body: Uint8Array, contentType: string, schema: Schema): z.output<Schema>
  write(content: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer>
}

/** One line: of a schema the field and what is wrong with it. */
export function toProblem(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = toConfigIssues(error)
    return issue === undefined ? 'it has another form' : `${issue.path}: ${issue.message}`.slice(0, 200)
  }
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '').slice(0, 200) : String(error)
}

/** @param proto The messages beyond the common ones, in the protobuf language. */
export function defineMessage(name: string, proto: string): OtlpMessage {
  const type = protobuf.parse(`${commonProto}${proto}`).root.lookupType(name)
  return {
    read(body, contentType, schema) {
      try {
        const content: unknown = isJson(contentType)
          ? JSON.parse(Buffer.from(body).toString('utf8'))
          : type.toObject(type.decode(body), { longs: String, bytes: String })
        return schema.parse(content)
      } catch (error) {
        throw metricsErrors.OTLP_INVALID({ problem: toProblem(error) }, { cause: error })
      }
    },
    write: (content) => new Uint8Array(type.encode(type.fromObject(content)).finish()),
  }
}
