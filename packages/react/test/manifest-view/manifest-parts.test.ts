/** YAML streams are split at their document lines only. */
import { expect, test } from 'vitest'
import { splitYaml, toObjectName } from '../../src/manifest-view/manifest-parts.ts'
import { sampleManifests, sampleYaml } from '../support/sample-data.ts'

test('each object of a stream is one document', () => {
  expect(splitYaml(sampleYaml).map((document) => /^kind: (.*)$/m.exec(document)?.[1])).toEqual(['Namespace', 'Deployment', 'Service'])
  expect(splitYaml('---\na: 1\n--- # next\nb: "---x"\n')).toEqual(['a: 1', 'b: "---x"'])
  expect(splitYaml('\n')).toEqual([])
})

test('objects are named by kind and name', () => {
  expect(sampleManifests.map(toObjectName)).toEqual(['Namespace/bud-models', 'Deployment/llama-3-1-8b', 'Service/llama-3-1-8b'])
  expect(toObjectName({ kind: 'List' })).toBe('List')
  expect(toObjectName(undefined)).toBe('Object')
})
