/** Strict validation of manifests against the official API definitions and published CRDs: unknown fields are errors. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import type { Manifest } from '../../src/index.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const dataFolder = process.env['BUD_TEST_DATA'] ?? `${root}/../shared/data`

export const kubernetesVersions = ['1.26', '1.27', '1.28', '1.29', '1.30', '1.36'] as const

function readData(path: string): string {
  const full = `${dataFolder}/kubernetes/${path}`
  if (!existsSync(full)) throw new Error(`${full} is missing: set BUD_TEST_DATA to the folder with the measured data`)
  return readFileSync(full, 'utf8')
}

/** An object schema that lists its properties accepts no others, as a strict API server does. */
function forbidUnknown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forbidUnknown)
  if (typeof schema !== 'object' || schema === null) return schema
  // Some published definitions have an empty `anyOf`, which a server ignores.
  const entries = Object.entries(schema).filter(([, value]) => value !== null)
  const copy = Object.fromEntries(entries.map(([key, value]) => [key, forbidUnknown(value)]))
  const open = 'additionalProperties' in copy || 'x-kubernetes-preserve-unknown-fields' in copy
  return typeof copy['properties'] === 'object' && !open ? { ...copy, additionalProperties: false } : copy
}

const engine = () => new Ajv2020({ strict: false, allErrors: true, validateFormats: false })

interface CustomResource {
  readonly spec: { readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: object } }[] }
}

export function customResourceValidator(file: string, version: string): ValidateFunction {
  // Safe: the files are CustomResourceDefinitions, and a missing version is noticed below.
  const definitions = parseAllDocuments(readData(`crds/${file}`)).map((document) => document.toJS() as CustomResource | null)
  const schema = definitions.flatMap((definition) => definition?.spec.versions ?? []).find(({ name }) => name === version)
    ?.schema.openAPIV3Schema
  if (schema === undefined) throw new Error(`${file} has no version ${version}`)
  const metadata = { type: 'object' }
  // Safe: forbidUnknown keeps the shape of an object schema.
  const strict = forbidUnknown(schema) as { properties: Record<string, unknown> }
  return engine().compile({ ...strict, properties: { ...strict.properties, metadata } })
}

/** Problems of one manifest under one Kubernetes version; empty when a strict server would take it. */
export function createValidator(version: (typeof kubernetesVersions)[number]): (manifest: Manifest) => readonly string[] {
  // Safe: the file is the official OpenAPI document's definitions.
  const { definitions } = JSON.parse(readData(`definitions-v${version}.0.json`)) as { definitions: Record<string, object> }
  const ajv = engine()
  ajv.addSchema({ $id: 'api', definitions: forbidUnknown(definitions) })
  return (manifest) => {
    const [group, apiVersion] = manifest.apiVersion.includes('/') ? manifest.apiVersion.split('/') : ['core', manifest.apiVersion]
    const name = `io.k8s.api.${(group ?? '').split('.')[0] ?? ''}.${apiVersion ?? ''}.${manifest.kind}`
    if (definitions[name] === undefined) return [`${name} does not exist in Kubernetes ${version}`]
    const validate = ajv.compile({ $ref: `api#/definitions/${name}` })
    validate(manifest)
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${manifest.kind}${instancePath}: ${message ?? ''} ${JSON.stringify(params)}`,
    )
  }
}
