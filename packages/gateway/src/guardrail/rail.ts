/** The rails of a configuration, made ready. */
import type { Clock, Secret, Transport } from '@bud-foundry/core'
import { Ajv, type ValidateFunction } from 'ajv'
import { gatewayErrors } from '../errors.ts'
import { RegexDetector, type Detector } from './detector.ts'
import { foldCase, foldForm, foldSpaces, foldWord } from './fold.ts'
import type { JsonSchemaRailConfig, LocalRailConfig, RailConfig, ServiceRailConfig } from './guardrail-config.ts'
import { linearPattern, linearTest } from '../pattern/linear-pattern.ts'
import { createJudge } from './judge.ts'
import type { Judge } from './judgement.ts'
import { KeywordDetector } from './keyword-detector.ts'
import { piiDetectors } from './pii.ts'
import type { Reading } from './text-window.ts'

export interface LocalRail {
  readonly kind: 'local'
  readonly name: string
  readonly config: LocalRailConfig
  readonly detectors: readonly Detector[]
  readonly reading: Reading | undefined
}

export interface ServiceRail {
  readonly kind: 'service'
  readonly name: string
  readonly config: ServiceRailConfig
  readonly judge: Judge
}

export interface SchemaRail {
  readonly kind: 'schema'
  readonly name: string
  readonly config: JsonSchemaRailConfig
  readonly validate: ValidateFunction
}

export type Rail = LocalRail | ServiceRail | SchemaRail

export interface RailParts {
  readonly transport: Transport
  readonly clock: Clock
  secret(credential: NonNullable<ServiceRailConfig['credential']>): Secret | undefined
}

/** White space in a keyword stands for so many characters of it. */
const keywordBlanks = 4

function localParts(config: LocalRailConfig): Pick<LocalRail, 'detectors' | 'reading'> {
  switch (config.kind) {
    case 'keywords': {
      const fold = config.caseSensitive ? foldSpaces : foldCase
      const words = config.words.flatMap((word) => foldWord(word, fold))
      return { detectors: [new KeywordDetector(words)], reading: { fold, blanks: keywordBlanks } }
    }
    case 'regex': {
      const pattern = linearPattern(config.pattern, config.flags)
      const detectors = [new RegexDetector({ pattern, reach: config.maxLength, label: 'pattern' })]
      return { detectors, reading: config.asWritten ? undefined : { fold: foldForm, blanks: 1 } }
    }
    case 'pii':
      return { detectors: piiDetectors(config.detect, config.country), reading: { fold: foldForm, blanks: 1 } }
  }
}

function compileSchema(name: string, schema: JsonSchemaRailConfig['schema']): ValidateFunction {
  try {
    return new Ajv({ allErrors: false, strict: false, validateFormats: false, code: { regExp: linearTest } }).compile(schema)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw gatewayErrors.GUARDRAIL_INVALID({ path: `guardrails.rails.${name}.schema`, problem }, { cause })
  }
}

/** @throws GATEWAY_GUARDRAIL_INVALID for a schema that is none. */
export function createRail(name: string, config: RailConfig, parts: RailParts): Rail {
  switch (config.kind) {
    case 'keywords':
    case 'regex':
    case 'pii':
      return { kind: 'local', name, config, ...localParts(config) }
    case 'json-schema':
      return { kind: 'schema', name, config, validate: compileSchema(name, config.schema) }
    case 'moderation':
    case 'http':
    case 'grpc': {
      const secret = config.credential === undefined ? undefined : parts.secret(config.credential)
      return { kind: 'service', name, config, judge: createJudge(config, { transport: parts.transport, secret }) }
    }
  }
}

/** What stands in the place of a find. */
export const maskOf = (rail: LocalRail | ServiceRail, label: string): string => {
  const { config } = rail
  if (config.kind === 'moderation') return '[removed]'
  return config.mask ?? `[${label}]`
}
