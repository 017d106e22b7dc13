/** Rails are read out of any configuration, and hits out of joined names. */
import { expect, test } from 'vitest'
import { readAnswer } from '../../src/client/ask.ts'
import { countHits, readRails } from '../../src/gateway/guardrail-facts.ts'
import { sampleAnswer } from '../support/sample-answer.ts'

test('a rail is told with its action, its sides, and to whom it is attached', () => {
  const guardrails = {
    rails: { mail: { kind: 'pii', on: ['input'], action: 'mask' }, idle: { kind: 'regex', on: ['input', 'output'], action: 'block' } },
    attach: [{ rails: ['mail'] }, { rails: ['mail', 'other'], models: ['llama-*'], tags: { team: 'web' } }],
  }
  expect(readRails({ guardrails })).toEqual([
    { name: 'mail', kind: 'pii', action: 'mask', sides: ['input'], attachedTo: ['', 'llama-*, team=web'] },
    { name: 'idle', kind: 'regex', action: 'block', sides: ['input', 'output'], attachedTo: [] },
  ])
  for (const config of [undefined, null, 3, {}, { guardrails: [] }]) expect(readRails(config)).toEqual([])
})

test('hits are counted for each rail and action, of requests that several rails hit for each of them', () => {
  const [row] = sampleAnswer().rows
  const rows = [
    { ...row, group: { guardrail: 'mail:mask' }, values: { requests: 4 } },
    { ...row, group: { guardrail: 'mail:mask, words:block' }, values: { requests: 2 } },
    { ...row, group: { guardrail: '' }, values: { requests: 90 } },
  ]
  expect(Object.fromEntries(countHits(readAnswer({ ...sampleAnswer(), rows })))).toEqual({ mail: { mask: 6 }, words: { block: 2 } })
})
