/** Faults, prefix cache, tokenizer and the values made from schemas. */
import { createSeededRandom } from '@bud-foundry/core'
import { parseFaultHeader, parseFaultRates } from '@bud-foundry/sim/twin'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findTopics, writeAnswer } from '../../src/twin/answer-writer.ts'
import { drawFault } from '../../src/twin/fault.ts'
import { createPrefixCache } from '../../src/twin/prefix-cache.ts'
import { schemaValue } from '../../src/twin/schema-value.ts'
import { loadTokenizer } from '../../src/twin/tokenizer.ts'

describe('faults', () => {
  it('are read from flags and headers', () => {
    expect(parseFaultRates('slow=0.1, 5xx=0.02')).toEqual({ slow: 0.1, '5xx': 0.02 })
    expect(parseFaultRates('')).toEqual({})
    expect(parseFaultHeader('slow')).toEqual({ kind: 'slow', factor: 5 })
    expect(parseFaultHeader('stall:3')).toEqual({ kind: 'stall', afterTokens: 3 })
    expect(parseFaultHeader('500')).toEqual({ kind: 'status', status: 500 })
  })

  it.each(['explode=1', 'slow', 'slow=2', 'slow=-0.1', 'stall=x'])('%s is refused', (text) => {
    expect(() => parseFaultRates(text)).toThrow(expect.objectContaining({ code: 'SIM_REQUEST_INVALID' }))
  })

  it('hit the share of requests that was asked for', () => {
    const random = createSeededRandom(3)
    const drawn = Array.from({ length: 20_000 }, () => drawFault({ slow: 0.1, reset: 0.05 }, random)?.kind)
    expect(drawn.filter((kind) => kind === 'slow').length / 20_000).toBeCloseTo(0.1, 1)
    expect(drawn.filter((kind) => kind === 'reset').length / 20_000).toBeCloseTo(0.05, 1)
    expect(drawn.filter((kind) => kind === 'stall').length).toBe(0)
  })
})

describe('the prefix cache', () => {
  it('matches exactly the common leading blocks', () => {
    const tokens = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(tokens, tokens, fc.nat(200), (first, second, common) => {
        const cache = createPrefixCache(1000)
        const other = [...first.slice(0, common), -1, ...second]
        cache.add(first)
        const shared = Math.min(common, first.length)
        expect(cache.match(other)).toBe(Math.floor(shared / 16) * 16)
        expect(cache.match(first)).toBe(Math.floor((first.length - 1) / 16) * 16)
      }),
    )
  })

  it('forgets the least recently used blocks', () => {
    const cache = createPrefixCache(4)
    const prompt = (seed: number) => Array.from({ length: 33 }, (_, index) => seed * 1000 + index)
    for (const seed of [1, 2, 1, 3]) {
      cache.match(prompt(seed))
      cache.add(prompt(seed))
    }
    expect([cache.match(prompt(1)), cache.match(prompt(2)), cache.blocks]).toEqual([32, 0, 4])
  })
})

describe('the tokenizer', () => {
  it('counts as cl100k_base does, special words included as text', async () => {
    const { encode } = await loadTokenizer()
    expect(encode('hello world')).toEqual([15_339, 1917])
    expect(encode('<|endoftext|>').length).toBeGreaterThan(1)
  })

  it('splits any text into pieces that join to it again', async () => {
    const { encode, pieces } = await loadTokenizer()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const tokens = encode(text)
        expect(pieces(tokens).length).toBe(tokens.length)
        expect(pieces(tokens).join('')).toBe(text)
      }),
    )
  })
})

describe('answers', () => {
  it('speak of what was asked, whatever was asked', () => {
    expect(findTopics('Please explain how transformers use attention')).toEqual(['transformers', 'attention'])
    const options = { modelName: 'a model', hardwareName: 'a device', seed: 1 }
    expect(writeAnswer({ ...options, prompt: 'Please explain transformers' })).toContain('transformers')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (prompt, seed) => {
        const text = writeAnswer({ ...options, prompt, seed })
        expect(text.length).toBeGreaterThan(3)
        expect(text).not.toMatch(/[{][tu][}]/)
        expect(writeAnswer({ ...options, prompt, seed })).toBe(text)
      }),
    )
  })

  it('make values of any schema that is asked for', () => {
    const schema = {
      type: 'object',
      $defs: { item: { type: 'object', properties: { count: { type: 'integer', minimum: 3 } } } },
      properties: {
        items: { type: 'array', items: { $ref: '#/$defs/item' } },
        ok: { type: 'boolean' },
        either: { anyOf: [{ type: 'null' }, { type: 'string' }] },
      },
    }
    expect(schemaValue(schema)).toEqual({ items: [{ count: 3 }], ok: true, either: null })
    expect(() => JSON.stringify(schemaValue({ $ref: '#' }))).not.toThrow()
  })
})
