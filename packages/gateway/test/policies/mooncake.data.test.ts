/** Prefix-aware routing on the Mooncake traces (FAST'25), against an oracle with one common cache and against round-robin. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createPrefixAware } from '../../src/policies/prefix-aware.ts'
import { createRoundRobin } from '../../src/policies/round-robin.ts'
import { oracleHits, replay, type FleetOptions, type TracedRequest } from './fleet-replay.ts'

const dataFolder = process.env['BUD_TEST_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url))
const lineSchema = z.object({ timestamp: z.number(), input_length: z.number(), output_length: z.number(), hash_ids: z.array(z.number()) })

const readTrace = (name: string): readonly TracedRequest[] =>
  readFileSync(`${dataFolder}/sim/traces/mooncake/traces/${name}_trace.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => lineSchema.parse(JSON.parse(line)))
    .map((line) => ({
      atMs: line.timestamp,
      inputTokens: line.input_length,
      outputTokens: line.output_length,
      blockHashes: line.hash_ids.map(BigInt),
    }))

// Without any cache hit the conversation trace would keep this fleet about two thirds busy, so that queues form and balance matters.
const fleet: FleetOptions = { workers: 8, blocksPerWorker: 31_250, prefillTokensPerSecond: 8_000, msPerOutputToken: 20 }

describe.each(['conversation', 'synthetic'])('the %s trace', (name) => {
  const trace = readTrace(name)
  const ours = replay(trace, createPrefixAware({ blocksPerTarget: fleet.blocksPerWorker }), fleet)
  const roundRobin = replay(trace, createRoundRobin(), fleet)

  test('keeps at least 95 % of the hits of an oracle', () => {
    expect(trace.length).toBeGreaterThan(3_000)
    expect(ours.hitBlocks).toBeGreaterThanOrEqual(0.95 * oracleHits(trace, fleet))
  })

  test('keeps the work balanced', () => {
    expect(ours.imbalance).toBeLessThan(1.15)
  })

  test('has more than twice the hits of round-robin and less than half of its time to first token', () => {
    expect(ours.hitBlocks).toBeGreaterThan(2 * roundRobin.hitBlocks)
    expect(ours.timeToFirstTokenMsMean).toBeLessThan(0.5 * roundRobin.timeToFirstTokenMsMean)
  })
})
