/** `prefix_hits_vs_oracle`: cache hits of prefix-aware routing on the Mooncake conversation trace, as a share of those of an oracle. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createPrefixAware } from '@bud-foundry/gateway'
import { z } from 'zod'
import { oracleHits, replay } from '../../packages/gateway/test/policies/fleet-replay.ts'

const lineSchema = z.object({ timestamp: z.number(), input_length: z.number(), output_length: z.number(), hash_ids: z.array(z.number()) })

/** As in the tests: busy enough that queues form and balance matters. */
const fleet = { workers: 8, blocksPerWorker: 31_250, prefillTokensPerSecond: 8_000, msPerOutputToken: 20 }

export interface PrefixHits {
  readonly share: number
  readonly imbalance: number
}

/** @throws when the trace is not there; BUD_TEST_DATA says where the data lies. */
export function measurePrefixHits(): PrefixHits {
  const folder = process.env['BUD_TEST_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  const file = `${folder}/sim/traces/mooncake/traces/conversation_trace.jsonl`
  if (!existsSync(file)) throw new Error('the Mooncake trace is not there; set BUD_TEST_DATA')
  const trace = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => lineSchema.parse(JSON.parse(line)))
    .map((line) => ({
      atMs: line.timestamp,
      inputTokens: line.input_length,
      outputTokens: line.output_length,
      blockHashes: line.hash_ids.map(BigInt),
    }))
  const result = replay(trace, createPrefixAware({ blocksPerTarget: fleet.blocksPerWorker }), fleet)
  return { share: result.hitBlocks / oracleHits(trace, fleet), imbalance: result.imbalance }
}
