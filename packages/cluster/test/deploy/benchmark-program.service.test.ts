/** The program that a benchmark's pod runs, with the Python that its image has. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { benchmarkJob, readBenchmarkResult } from '../../src/index.ts'
import { samplePlan } from './sample-plan.ts'

const figures = {
  duration: 2,
  completed: 1,
  failed: 1,
  total_input_tokens: 7,
  total_output_tokens: 3,
  request_throughput: 0.5,
  output_throughput: 1.5,
  mean_ttft_ms: 250,
  median_ttft_ms: 250,
  mean_tpot_ms: 375,
  median_tpot_ms: 375,
}

test('the program of a benchmark prints its result in one line, without what was generated', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bud-benchmark-'))
  try {
    const config = benchmarkJob(samplePlan()).manifests.find(({ kind }) => kind === 'ConfigMap')
    const source = (config?.['data'] as Record<string, string>)['result.py'] ?? ''
    const detailed = {
      ...figures,
      start_times: [10, 10.5],
      ttfts: [0.25, 0],
      itls: [[0.5, 0.25], []],
      input_lens: [7, 7],
      output_lens: [3, 0],
      generated_texts: ['canary\ntext', ''],
      errors: ['', 'Traceback'],
    }
    await writeFile(join(folder, 'result.json'), JSON.stringify(detailed))
    await writeFile(join(folder, 'result.py'), source.replaceAll('/tmp/result.json', join(folder, 'result.json')))
    const { stdout } = await promisify(execFile)('python3', [join(folder, 'result.py')])
    expect(stdout).not.toContain('canary')
    expect(readBenchmarkResult(samplePlan(), stdout).requests).toEqual([
      { startMs: 0, timeToFirstTokenMs: 250, durationMs: 1000, inputTokens: 7, outputTokens: 3, failed: false },
      { startMs: 500, timeToFirstTokenMs: 0, durationMs: 0, inputTokens: 7, outputTokens: 0, failed: true },
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
