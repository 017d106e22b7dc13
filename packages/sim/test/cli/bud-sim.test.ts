/** The command line: in process for its answers, as a process for its life. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '@bud-foundry/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { CommandContext } from '../../src/cli/command.ts'
import { runCli } from '../../src/cli/run-cli.ts'

const binary = join(import.meta.dirname, '../../src/bin/bud-sim.ts')
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function run(args: readonly string[], files: Record<string, string> = {}, given: Partial<CommandContext> = {}) {
  const out: string[] = []
  const errors: string[] = []
  const code = await runCli(args, {
    clock: systemClock,
    version: '1.2.3',
    writeFile: async (path, text) => {
      files[path] = text
    },
    readFile: (path) => {
      const text = files[path]
      return text === undefined ? Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })) : Promise.resolve(text)
    },
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    signal: new AbortController().signal,
    interactive: false,
    ...given,
  })
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

describe('bud-sim with pictures and profiles', () => {
  it('draws the latency of a replica and what fills its memory', async () => {
    const files: Record<string, string> = {}
    expect((await run(['predict', 'qwen3-8b', '--svg', 'latency.svg'], files)).code).toBe(0)
    expect((await run(['memory', 'qwen3-8b', '--svg', 'memory.svg'], files)).code).toBe(0)
    expect((await run(['memory', 'qwen3-8b', '--svg', 'memory.svg'], files)).out).toContain('picture: memory.svg')
    expect(files['latency.svg']).toMatch(/^<svg[\s\S]*time to first token, high/)
    expect(files['memory.svg']).toMatch(/^<svg[\s\S]*1 × h100-sxm/)
  })

  it('says which file cannot be written', async () => {
    const writeFile = () => Promise.reject(new Error('ENOSPC: no space left on device, write'))
    for (const args of [
      ['memory', 'qwen3-8b', '--svg', 'a.svg'],
      ['hardware', 'probe', '--seconds', '0.02', '--out', 'a.svg'],
    ])
      expect(await run(args, {}, { writeFile })).toMatchObject({ code: 1, errors: expect.stringMatching(/cannot write a\.svg \(ENOSPC/) })
  })

  it('measures this machine and plans with the profile that it wrote', async () => {
    const files: Record<string, string> = {}
    expect((await run(['hardware', 'probe', '--seconds', '0.02', '--out', 'mine.json'], files)).out).toMatch(
      /memory bandwidth .* GB\/s[\s\S]*written: mine\.json/,
    )
    expect(
      (await run(['predict', 'qwen3-0.6b', '--hardware', 'mine.json', '--engine', 'llama-cpp', '--max-num-seqs', '4'], files)).out,
    ).toMatch(/probed/)
    const planned = await run(
      [
        'optimize',
        'qwen3-0.6b',
        '--devices',
        'this-machine:1',
        '--hardware-profile',
        'mine.json',
        '--engine',
        'llama-cpp',
        '--concurrency',
        '1',
      ],
      files,
    )
    expect(planned.out).toMatch(/llama\.cpp on 1 this-machine/)
    const broken = await run(['predict', 'qwen3-8b', '--hardware', 'mine.json'], { 'mine.json': '{"id":"x","memoryBytes":0}' })
    expect([broken.code, broken.errors]).toEqual([1, expect.stringMatching(/the hardware profile has \d+ problems:[\s\S]*memoryBytes/)])
  })
})

describe('bud-sim train', () => {
  const header = 'model,hardware,tp,pp,dp,ep,engine,precision,isl,osl,concurrency,ttft_ms_mean,tpot_ms_mean'
  const lines = ['h100-sxm', 'h200-sxm'].flatMap((hardware) =>
    [1, 2, 4].flatMap((tp) =>
      [1, 4, 16].map(
        (concurrency) =>
          `Qwen/Qwen3-8B,${hardware},${String(tp)},1,1,1,vllm,,1000,200,${String(concurrency)},${String(50 + 10 * concurrency)},${String(9 / tp + 0.1 * concurrency)}`,
      ),
    ),
  )

  it('writes corrections that validate then uses, and reports what it held out', async () => {
    const files: Record<string, string> = { 'rows.csv': [header, ...lines, 'Qwen/Qwen3-8B,h999,1,1,1,1,vllm,,1000,200,1,50,9'].join('\n') }
    const trained = await run(['train', '--data', 'rows.csv', '--out', 'trained', '--folds', '3'], files)
    expect([trained.code, trained.errors]).toEqual([0, ''])
    expect(trained.out).toMatch(
      /18 of 19 rows used[\s\S]*held-out configurations[\s\S]*not used, 1 rows: hardware 'h999'[\s\S]*written: trained\/time-per-output-token.json/,
    )
    const validated = await run(['validate', '--data', 'rows.csv', '--correction', 'trained/time-per-output-token.json', '--json'], files)
    const plain = await run(['validate', '--data', 'rows.csv', '--analytical', '--json'], files)
    const errorOf = (text: string) => (JSON.parse(text) as { total: { tpot: { meanAbsoluteError: number } } }).total.tpot.meanAbsoluteError // As --json prints it.
    expect(errorOf(validated.out)).toBeLessThan(errorOf(plain.out))
  })

  it('says how many configurations it needs', async () => {
    const { code, errors } = await run(['train', '--data', 'rows.csv'], { 'rows.csv': [header, lines[0]].join('\n') })
    expect(code).toBe(1)
    expect(errors).toMatch(/1 usable rows of time-per-output-token are of 1 configurations/)
  })
})

describe('bud-sim optimize', () => {
  const args = ['optimize', 'Qwen/Qwen3-8B', '--devices', 'h100-sxm:2', '--engine', 'vllm', '--tpot', '20']

  it('prices from the table, says what breaks first as the load grows, and draws', async () => {
    const files: Record<string, string> = {}
    const { code, out } = await run([...args, '--market', 'on-demand', '--grow', '--svg', 'pictures'], files)
    expect(code).toBe(0)
    expect(out).toMatch(/\$2\.29 an hour[\s\S]*It holds up to \d+ requests in flight[\s\S]*breaks first/)
    expect(Object.keys(files).sort()).toEqual(['pictures/front.svg', 'pictures/load.svg', 'pictures/memory.svg'])
    for (const text of Object.values(files)) expect(text).toMatch(/^<svg[\s\S]*<\/svg>\n$/)
  })

  it('refuses a market that there is none of', async () => {
    const { code, errors } = await run([...args, '--market', 'black'])
    expect([code, errors.split('\n')[0]]).toEqual([2, "bud-sim optimize: --market is 'black'; use on-demand or spot"])
  })
})

describe('bud-sim', () => {
  it.each([
    [['memory', 'deepseek-ai/DeepSeek-V3', '--hardware', 'h200-sxm', '--tp', '8'], /671,026,419,200 parameters[\s\S]*It fits\./],
    [['predict', 'llama-3.1-8b-instruct', '--concurrency', '8'], /time per output token, ms/],
    [['optimize', 'qwen3-8b', '--devices', 'h100-sxm:2@3', '--ttft', '500'], /Best: .*an hour[\s\S]*start it: /],
    [['hardware'], /mi300x/],
    [['hardware', 'h100'], /NVIDIA H100 Tensor Core GPU datasheet/],
    [['memory', 'qwen3-8b', '--lora-adapters', '4', '--lora-rank', '32'], /of them adapters/],
    [
      ['predict', 'deepseek-ai/DeepSeek-V3', '--hardware', 'h200-sxm', '--engine', 'sglang', '--tp', '8', '--speculative', 'mtp'],
      /1\.85 tokens a step/,
    ],
    [
      ['predict', 'qwen3-32b', '--hardware', 'h200-sxm', '--tp', '2', '--disaggregated', '2:1', '--concurrency', '16'],
      /2 prefill replicas of 2, 1 decode replicas of 2[\s\S]*moving the cache/,
    ],
    [
      ['optimize', 'qwen3-8b', '--minimum', '--devices', 'l40s:1', '--devices', 't4:1', '--tpot', '30', '--devices-max', '4'],
      /l40s +1 [\s\S]*not t4/,
    ],
    [
      ['optimize', 'qwen3-32b', '--devices', 'h100-sxm:8', '--space', 'wide', '--engine', 'vllm', '--user-throughput', '40'],
      /prefill and decode apart:/,
    ],
    [['models'], /8,030,261,248/],
    [['--help'], /usage: bud-sim/],
    [['--version'], /^1\.2\.3$/],
    [['predict', '--help'], /usage: bud-sim predict/],
  ])('%j answers', async (args, expected) => {
    const { code, out, errors } = await run(args)
    expect([code, errors]).toEqual([0, ''])
    expect(out).toMatch(expected)
  })

  it.each([
    [['memory', 'qwen3-8b'], 'parameters', 8_190_735_360],
    [['predict', 'qwen3-8b'], 'hardwareId', 'h100-sxm'],
    [['optimize', 'qwen3-8b', '--devices', 'l4:1'], 'examined', expect.any(Number)],
    [['models', 'qwen3-8b'], 'layers', 36],
  ])('%j --json is JSON', async (args, field, value) => {
    expect(JSON.parse((await run([...args, '--json'])).out)).toMatchObject({ [field]: value })
  })

  it('describes the model of a config.json', async () => {
    const config =
      '{"model_type":"llama","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100}'
    expect(JSON.parse((await run(['models', 'my/config.json'], { 'my/config.json': config })).out)).toMatchObject({ id: 'my', layers: 2 })
  })

  it('reads a config.json', async () => {
    const config =
      '{"model_type":"llama","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100}'
    expect((await run(['memory', 'my/config.json'], { 'my/config.json': config })).out).toContain('parameters')
    expect(await run(['memory', 'other/config.json'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('cannot read other/config.json'),
    })
  })

  it('reads a checkpoint from its folder, with the quantization that stands beside the configuration', async () => {
    const config =
      '{"model_type":"llama","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100}'
    const files = { 'q/config.json': config, 'q/hf_quant_config.json': '{"quantization":{"quant_algo":"NVFP4"}}' }
    for (const model of ['q', 'q/', 'q/config.json'])
      expect((await run(['memory', model, '--json'], files)).out).toContain('"weights": "fp4"')
    expect((await run(['memory', 'q'], { 'q/config.json': config })).out).toContain('bf16 weights')
    expect(await run(['memory', 'q'], { 'q/config.json': config, 'q/hf_quant_config.json': '{}' })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('hf_quant_config.json: quantization'),
    })
  })

  it('never takes a path for a repository, and asks for --model-id', async () => {
    const config =
      '{"model_type":"llama","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100}'
    const call = async (path: string, ...flags: string[]) => {
      const args = ['optimize', path, '--isl', '100', '--osl', '10', '--devices', 'l4:1', '--engine', 'llama-cpp', ...flags]
      const { out, errors } = await run(args, { [path]: config })
      return { repository: / --hf-repo (\S+) /.exec(out)?.[1], errors }
    }
    expect(await call('/home/me/tiny-llama/config.json')).toEqual({
      repository: 'tiny-llama-GGUF:BF16',
      errors: expect.stringContaining('give --model-id'),
    })
    expect((await call('./config.json')).repository).toBe('custom-model-GGUF:BF16')
    expect((await call('C:\\models\\mine.json')).repository).toBe('mine-GGUF:BF16')
    expect(await call('./config.json', '--model-id', 'me/mine')).toEqual({ repository: 'me/mine-GGUF:BF16', errors: '' })
  })

  it.each([
    [[], 2, /^$/],
    [['optimise'], 2, /did you mean 'optimize'/],
    [['memory'], 2, /give a model/],
    [['memory', 'qwen3-8b', '--tp', 'two'], 2, /--tp is 'two'; use a whole number/],
    [['memory', 'qwen3-8b', '--colour', 'red'], 2, /colour/],
    [['memory', 'qwen3-8b', '--precision', 'fp7'], 2, /--precision is 'fp7'; use one of/],
    [['memory', 'qwen9'], 1, /not in the built-in table/],
    [['optimize', 'qwen3-8b'], 2, /give at least one --devices/],
    [['optimize', 'qwen3-8b', '--devices', 'h100'], 2, /hardware:count/],
    [['serve', '--faults', 'explode=1'], 1, /the faults have 1 problem:[\s\S]*no kind of fault/],
    [['optimize', 'qwen3-8b', '--devices', 'h101:1'], 1, /'h101' is not known; use one of h10[\s\S]*, mi300x/],
    [['serve', '--port', '99999'], 2, /--port is '99999'/],
    [['validate'], 2, /give --data/],
    [['predict', 'qwen3-8b', 'extra'], 2, /'extra' is one argument too many/],
    [['predict', 'qwen3-8b', '--isl', '200000'], 2, /200256 tokens together, more than the context of Qwen\/Qwen3-8B, 40960/],
    [['predict', 'qwen3-8b', '--isl', '4000', '--max-model-len', '2000'], 2, /more than --max-model-len allows/],
    [['predict', 'qwen3-8b', '--isl', '100', '--prefix', '4000'], 2, /--prefix is 4000, more than the prompt's 100 tokens/],
    [['memory', 'qwen3-8b', '--max-model-len', '10000000'], 2, /--max-model-len is 10000000, more than the context/],
    [['memory', 'qwen3-8b', '--tp', '4', '--ep', '4'], 2, /--ep spreads experts, and Qwen\/Qwen3-8B has none/],
    [
      ['predict', 'llama-3.1-8b-instruct', '--hardware', 'rtx-4090', '--max-model-len', '40000'],
      1,
      /with these settings: beside 18\.\d GB of weights .* hold no request of 40000 tokens/,
    ],
    [['hardware', 'h100-sxm', 't4'], 2, /'t4' is one argument too many/],
    [['optimize', 'qwen3-8b', 'qwen3-4b', '--devices', 'l4:1'], 2, /'qwen3-4b' is one argument too many/],
    [['models', './nothing/config.json'], 2, /cannot read \.\/nothing\/config\.json/],
  ])('%j fails clearly', async (args, code, expected) => {
    const result = await run(args)
    expect(result.code).toBe(code)
    expect(result.errors).toMatch(expected)
  })

  it('says that a model does not fit with exit code 1', async () => {
    const text = await run(['memory', 'llama-3.1-70b-instruct'])
    expect(text).toMatchObject({ code: 1, errors: '', out: expect.stringMatching(/does not fit; 2 devices would do/) })
    const json = await run(['memory', 'llama-3.1-70b-instruct', '--json'])
    expect([json.code, JSON.parse(json.out)]).toMatchObject([1, { fits: false, leastDevices: 2 }])
  })

  it('says which hardware a model would fit when no number of the given devices does', async () => {
    const { code, out } = await run(['memory', 'meta-llama/Llama-3.1-405B-Instruct', '--hardware', 't4'])
    expect([code, out]).toEqual([1, expect.stringMatching(/It does not fit\.\nIt would fit on .*16 × h100-sxm/)])
  })

  it('speaks of no cache where an encoder has none', async () => {
    const config =
      '{"model_type":"bert","architectures":["BertModel"],"num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100}'
    const { out } = await run(['memory', 'e.json'], { 'e.json': config })
    expect(out).toContain('KV cache: none')
    expect(out).not.toContain('9,007')
  })

  it('counts one device in the singular, and caps the share of a miss', async () => {
    const { out } = await run(['optimize', 'qwen3-8b', '--devices', 'h100-sxm:1', '--ttft', '0.01'])
    expect(out).toMatch(/, 1 device\.[\s\S]*misses by more than 10 times the limit of 0\.01 ms/)
  })

  it.each([
    ['model;hardware;engine;isl;osl\nqwen3-8b;h100-sxm;vllm;1000;200', 2, /rows\.csv is separated by ';'; separate its columns by commas/],
    ['model,hardware,engine,input_len,osl\nqwen3-8b,h100-sxm,vllm,1000,200', 2, /has no column 'isl'; its header names model, /],
    ['model,hardware,engine,isl,osl,concurrency,tpot_ms_mean\nqwen3-8b,abacus,vllm,1000,200,8,9', 1, /^$/],
  ])('validates no file that holds nothing to validate: %j', async (csv, code, message) => {
    for (const flags of [[], ['--json']]) {
      const result = await run(['validate', '--data', 'rows.csv', ...flags], { 'rows.csv': csv })
      expect(result.code).toBe(code)
      expect(result.errors).toMatch(message)
    }
  })

  it('scores measured rows, and lists those that it cannot predict', async () => {
    const csv = [
      'model,hardware,tp,pp,dp,ep,engine,precision,isl,osl,concurrency,ttft_ms_mean,tpot_ms_mean',
      'qwen3-8b,h100-sxm,1,1,1,1,vllm,bf16,1000,200,8,90,8',
      'qwen3-8b,h100-sxm,2,1,1,1,vllm,bf16,1000,200,16,80,6',
      'qwen3-8b,abacus,1,1,1,1,vllm,bf16,1000,200,8,90,8',
      '"qwen3-8b",h100-sxm,1,1,1,1,vllm,bf16,many,200,8,90,8',
    ].join('\n')
    const { code, out } = await run(['validate', '--data', 'rows.csv', '--group-by', 'tp', '--json'], { 'rows.csv': csv })
    expect(code).toBe(0)
    const report: unknown = JSON.parse(out)
    expect(report).toMatchObject({
      rows: 4,
      predicted: 2,
      total: { ttft: { rows: 2 }, tpot: { rows: 2 } },
      groups: [{ group: '1' }, { group: '2' }],
      unpredicted: [
        { line: 4, reason: expect.stringContaining('abacus') },
        { line: 5, reason: expect.stringContaining('isl') },
      ],
    })
    expect((await run(['validate', '--data', 'rows.csv'], { 'rows.csv': csv })).out).toContain('2 of 4 rows predicted')
  })
})

// Each test starts Node once or twice, which takes seconds on a busy machine.
describe('the command that starts a plan', () => {
  it('is one that a shell takes as it is printed', async () => {
    const { out } = await run([
      ...['optimize', 'deepseek-ai/DeepSeek-V3', '--devices', 'h200-sxm:8', '--engine', 'vllm', '--speculative', 'mtp'],
      ...['--concurrency', '8', '--tpot', '12', '--goal', 'latency', '--serving', 'aggregated'],
    ])
    expect(out).toContain(`--speculative-config '{"method":"mtp","num_speculative_tokens":1}'`)
  })
})

describe('bud-sim with arguments that contradict or mislead', () => {
  it('refuses two loads at once, and files that hold no correction', async () => {
    const both = await run(['predict', 'qwen3-8b', '--concurrency', '4', '--request-rate', '2'])
    expect([both.code, both.errors]).toEqual([2, expect.stringContaining('give one of them')])
    const rows = {
      'broken.json': '{"learner":',
      'notes.json': '{"learner":{"attributes":{"bud-sim":"{"}}}',
      'rows.csv': 'model,hardware,engine,isl,osl\nqwen3-8b,l4,vllm,100,100\n',
    }
    const broken = await run(['validate', '--data', 'rows.csv', '--correction', 'broken.json'], rows)
    expect([broken.code, broken.errors]).toEqual([2, expect.stringContaining('broken.json holds no XGBoost model as JSON')])
    const notes = await run(['validate', '--data', 'rows.csv', '--correction', 'notes.json'], rows)
    expect([notes.code, notes.errors]).toEqual([1, expect.stringContaining("its attribute 'bud-sim' is no JSON")])
  })
})

describe('bud-sim as a process', () => {
  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, ['--conditions=bud-source', binary, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    return { child, closed: once(child, 'close').then(([code]: unknown[]) => ({ code, errors })) }
  }

  it('ends quietly when nobody reads its answer to the end', async () => {
    const { child, closed } = start(['models', '--json'])
    child.stdout.destroy()
    expect(await closed).toEqual({ code: 0, errors: '' })
  })

  it('waits for no pipe that nobody writes to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bud-sim-'))
    folders.push(folder)
    const pipe = join(folder, 'config.json')
    await once(spawn('mkfifo', [pipe]), 'close')
    const { closed } = start(['memory', pipe])
    expect(await closed).toEqual({ code: 2, errors: expect.stringContaining(`cannot read ${pipe}: it is no regular file`) })
  })
})

describe('bud-sim serve as a process', { timeout: 30_000 }, () => {
  const start = (args: readonly string[], stdio: 'pipe' | 'ignore' = 'ignore') =>
    spawn(process.execPath, ['--conditions=bud-source', binary, 'serve', '--port', '0', ...args], { stdio: [stdio, 'pipe', 'inherit'] })

  async function ready(child: ReturnType<typeof start>) {
    if (child.stdout === null) throw new Error('standard output is a pipe here')
    for await (const line of createInterface({ input: child.stdout })) {
      const message: unknown = JSON.parse(line)
      expect(message).toMatchObject({ msg: 'ready', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), port: expect.any(Number) })
      // Checked by the line above.
      return message as { readonly url: string }
    }
    throw new Error('the process ended before it was ready')
  }

  it('says where it listens, answers, and ends on SIGTERM with a stream open', async () => {
    const child = start(['--model', 'qwen3-0.6b', '--served-model-name', 'tiny', '--seed', '4'])
    const exited = once(child, 'exit')
    const { url } = await ready(child)
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'tiny',
        stream: true,
        max_tokens: 5000,
        ignore_eos: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })
    expect(response.status).toBe(200)
    const reading = response.text().catch(() => 'cut')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(await reading).toBeTypeOf('string')
  })

  it('ends when the pipe to its parent closes', async () => {
    const child = start(['--exit-with-parent'], 'pipe')
    const exited = once(child, 'exit')
    await ready(child)
    child.stdin?.end()
    expect(await exited).toEqual([0, null])
  })

  it('ends when the channel to its parent closes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bud-sim-'))
    folders.push(folder)
    // A parent that starts the engine with a channel, passes its address on, and dies without a word to it.
    const parent = join(folder, 'parent.mjs')
    await writeFile(
      parent,
      `import { fork } from 'node:child_process'
import { writeSync } from 'node:fs'
const child = fork(${JSON.stringify(binary)}, ['serve', '--port', '0'], { execArgv: ['--conditions=bud-source'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
child.stdout.once('data', (line) => {
  writeSync(1, line)
  process.kill(process.pid, 'SIGKILL')
})`,
    )
    const started = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    started.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(started, 'close')
    const message: unknown = JSON.parse(text)
    expect(message).toMatchObject({ msg: 'ready' })
    // Checked by the line above and by the tests before it.
    const { url } = message as { readonly url: string }
    const answers = () =>
      fetch(`${url}/health`).then(
        () => true,
        () => false,
      )
    await expect.poll(answers, { timeout: 10_000 }).toBe(false)
  })
})
