/** The rails of a configuration, made ready. */
import type { Clock, Secret, Transport } from '@bud-foundry/core'
import { Ajv, type ValidateFunction } from 'ajv'
import { gatewayErrors } from '../errors.ts'
import { keywordDetector, RegexDetector, type Detector } from './detector.ts'
import type { JsonSchemaRailConfig, LocalRailConfig, RailConfig, ServiceRailConfig } from './guardrail-config.ts'
import { linearPattern } from '../pattern/linear-pattern.ts'
import { createJudge } from './judge.ts'
import type { Judge } from './judgement.ts'
import { piiDetectors } from './pii.ts'

export interface LocalRail {
  readonly kind: 'local'
  readonly name: string
  readonly config: LocalRailConfig
  readonly detectors: readonly Detector[]
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

function detectorsOf(config: LocalRailConfig): readonly Detector[] {
  switch (config.kind) {
    case 'keywords':
      return [keywordDetector(config.words, config.caseSensitive)]
    case 'regex':
      return [new RegexDetector({ pattern: linearPattern(config.pattern, config.flags), reach: config.maxLength, label: 'pattern' })]
    case 'pii':
      return piiDetectors(config.detect, config.country)
  }
}

function compileSchema(name: string, schema: JsonSchemaRailConfig['schema']): ValidateFunction {
  try {
    return new Ajv({ allErrors: false, strict: false, validateFormats: false }).compile(schema)
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
      return { kind: 'local', name, config, detectors: detectorsOf(config) }
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
