/** The other measured sets beside the silicon sample, in the documented CSV columns; nothing is trained on them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findHardware, findModel, listModels } from '@bud-foundry/sim'
import { parseCsv } from '@bud-foundry/sim/train'

type Columns = Readonly<Record<string, string>>

export interface MeasuredSet {
  readonly name: string
  /** Where it is from, its licence, and how it is read. */
  readonly about: string
  readonly rows: readonly Columns[]
  /** Rows that the documented columns cannot hold, and why. */
  readonly leftOut: readonly { readonly rows: number; readonly reason: string }[]
}

const folder = join(process.env['BUD_TEST_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'sim/measured')

function read(file: string): readonly Columns[] {
  const path = join(folder, file)
  if (!existsSync(path)) throw new Error(`the measurements are not at ${path}; set BUD_TEST_DATA to the folder that holds sim/measured`)
  return parseCsv(readFileSync(path, 'utf8'))
}

/** Rows that a reader turns into columns; a text is the reason why one is left out. */
function collect(source: readonly Columns[], toColumns: (row: Columns) => Columns | string): Pick<MeasuredSet, 'rows' | 'leftOut'> {
  const rows: Columns[] = []
  const reasons = new Map<string, number>()
  for (const row of source) {
    const columns = toColumns(row)
    if (typeof columns === 'string') reasons.set(columns, (reasons.get(columns) ?? 0) + 1)
    else rows.push(columns)
  }
  return { rows, leftOut: [...reasons].map(([reason, count]) => ({ rows: count, reason })) }
}

const splitwiseModels: Readonly<Record<string, string>> = { 'llama2-70b': 'meta-llama/Llama-2-70b-hf', 'bloom-176b': 'bigscience/bloom' }
const splitwiseDevices: Readonly<Record<string, string>> = { 'a100-80gb': 'a100-sxm-80gb', 'h100-80gb': 'h100-sxm' }

/** Batches of equal prompts, started together: the time of a step that decodes, and of a whole batch. */
function readSplitwise(): MeasuredSet {
  return {
    name: 'Splitwise',
    about: 'Llama 2 70B and BLOOM on A100 and H100, vLLM of 2023 (MIT); time per token, and time to first token of single prompts',
    ...collect(read('splitwise-perf-model.csv'), (row) => {
      const hardware = splitwiseDevices[row['hardware'] ?? '']
      if (hardware === undefined) return 'the devices run below their usual power'
      const model = splitwiseModels[row['model'] ?? '']
      if (model === undefined) return `${row['model'] ?? ''} is not known`
      const single = row['batch_size'] === '1'
      return {
        model,
        hardware,
        tp: row['tensor_parallel'] ?? '',
        engine: 'vllm',
        engine_version: '0.2.0',
        precision: 'fp16',
        isl: row['prompt_size'] ?? '',
        osl: row['token_size'] ?? '',
        concurrency: row['batch_size'] ?? '',
        ttft_ms_mean: single ? (row['prompt_time'] ?? '') : '',
        tpot_ms_mean: row['token_time'] ?? '',
      }
    }),
  }
}

const argonneDevices: Readonly<Record<string, string>> = {
  'AMD MI300X GPU': 'mi300x',
  'Nvidia H100 GPU': 'h100-sxm',
  'Nvidia A100 GPU': 'a100-sxm-40gb',
  'Nvidia GH200 GPU': 'gh200-96gb',
  'Habana Gaudi2': 'gaudi-2',
}
const argonneEngines: Readonly<Record<string, string>> = { vLLM: 'vllm', 'TensorRT-LLM': 'tensorrt-llm', 'llama.cpp': 'llama-cpp' }
const known = new Set(listModels())

/** Seconds that reading the weights in 16 bits once for each token takes at the datasheet's bandwidth: no batch is faster. */
function leastSeconds(model: string, hardware: string, devices: number, tokens: number): number {
  if (!known.has(model)) return 0
  return (tokens * findModel(model).activeParameters * 2) / (findHardware(hardware).memoryBandwidthBytesPerSecond * devices)
}

/** Batches of equal requests, started together: the time until the last token. */
function readArgonne(): MeasuredSet {
  return {
    name: 'Argonne LLM-Inference-Bench',
    about: 'dense models and Mixtral on A100, H100, GH200 and MI300X, one to eight devices, software of 2024 (BSD-3); end-to-end time',
    ...collect(read('argonne-all-results.csv'), (row) => {
      const hardware = argonneDevices[row['Hardware'] ?? '']
      if (hardware === undefined) return `no profile stands for ${row['Hardware'] ?? ''} as it counts devices`
      const engine = argonneEngines[row['Framework'] ?? '']
      if (engine === undefined) return `${row['Framework'] ?? ''} is no engine that is predicted`
      const devices = row['Num of Hardware'] ?? ''
      const least = leastSeconds(row['Model'] ?? '', hardware, Number(devices), Number(row['Input Output Length']))
      if (Number(row['Latency']) < least) return 'measured faster than the memory can be read'
      if (engine === 'llama-cpp' && devices !== '1') return 'llama.cpp over several devices is not predicted'
      return {
        model: row['Model'] ?? '',
        hardware,
        tp: devices,
        engine,
        engine_version: engine === 'vllm' ? '0.4.0' : '',
        precision: 'fp16',
        isl: row['Input Output Length'] ?? '',
        osl: row['Input Output Length'] ?? '',
        concurrency: row['Batch Size'] ?? '',
        e2e_ms_mean: String(Number(row['Latency']) * 1000),
      }
    }),
  }
}

const overviewDevices: Readonly<Record<string, string>> = {
  H100: 'h100-sxm',
  H200: 'h200-sxm',
  B200: 'b200-sxm',
  GB200: 'gb200',
  RTX_PRO_6000: 'rtx-pro-6000-server',
}

/** The most tokens a second that NVIDIA reached: predicted with as many requests in flight as the cache holds. */
function readOverview(): MeasuredSet {
  return {
    name: 'TensorRT-LLM performance overview',
    about:
      'the highest throughput that NVIDIA reports, eight models on five devices, 2025 (Apache-2.0); tokens per second with a full cache',
    ...collect(read('tensorrt-llm-perf-overview.csv'), (row) => {
      const split = /^(?<data>DEP|TP)(?<devices>\d+)(?:PP(?<stages>\d+))?$/.exec(row['parallel'] ?? '')?.groups
      if (split === undefined) return `the split ${row['parallel'] ?? ''} is not known`
      const devices = split['devices'] ?? '1'
      const stages = split['stages'] ?? '1'
      const together = split['data'] === 'DEP'
      return {
        model: row['model'] ?? '',
        hardware: overviewDevices[row['gpu'] ?? ''] ?? row['gpu'] ?? '',
        tp: together ? '1' : devices,
        dp: together ? devices : '1',
        ep: together ? devices : '1',
        pp: stages,
        engine: 'tensorrt-llm',
        // What is 4 bits already stays so; NVIDIA's figures in 8 bits for it are of activations.
        precision: (row['model'] ?? '').includes('gpt-oss') ? '' : (row['precision'] ?? '').toLowerCase(),
        kv_precision: 'fp8',
        isl: row['isl'] ?? '',
        osl: row['osl'] ?? '',
        concurrency: String(2048 * Number(devices)),
        max_num_seqs: String(2048 * Number(devices)),
        output_tokens_per_s: String(Number(row['output_tok_s_per_gpu']) * Number(devices) * Number(stages)),
      }
    }),
  }
}

/** One socket, requests started as fast as others end. */
function readXeon(): MeasuredSet {
  const of = (model: string, file: string) => read(file).map((row): Columns => ({ ...row, model, lengths: row['input_output'] ?? '' }))
  return {
    name: 'vLLM on Xeon 6767P',
    about: 'Qwen3 4B and 8B on one socket, vllm bench serve, 2026 (MIT)',
    ...collect(
      [...of('Qwen/Qwen3-4B', 'cpu-xeon-6767p/qwen3-4b_measured.csv'), ...of('Qwen/Qwen3-8B', 'cpu-xeon-6767p/qwen3-8b_measured.csv')],
      (row) => {
        if (row['config'] !== 'c0_baseline') return `${row['config'] ?? ''} is another configuration than one plain socket`
        const [isl = '', osl = ''] = (row['lengths'] ?? '').split('_')
        return {
          model: row['model'] ?? '',
          hardware: 'xeon-6767p',
          engine: 'vllm',
          precision: 'bf16',
          isl,
          osl,
          concurrency: row['concurrency'] ?? '',
          ttft_ms_mean: row['mean_ttft_ms'] ?? '',
          tpot_ms_mean: row['mean_tpot_ms'] ?? '',
        }
      },
    ),
  }
}

interface Trace {
  readonly requests: number
  readonly seconds: number
}

/** How many requests a trace holds, and how long they take to arrive. */
function readTrace(model: string, name: string): Trace | undefined {
  const path = join(folder, 'apex-plus/traces', model, `${name}.jsonl`)
  if (!existsSync(path)) return undefined
  const offsets = [...readFileSync(path, 'utf8').matchAll(/"StartTimeOffset": (\d+)/g)].map(([, offset]) => Number(offset) / 1e9)
  return { requests: offsets.length, seconds: Math.max(...offsets) }
}

/** Requests that arrive as in a trace: predicted for their mean lengths and rate. */
function readApex(): MeasuredSet {
  return {
    name: 'APEX+',
    about: 'Llama 3.1 70B on eight H100, vLLM of 2025, requests arriving as in traces (MIT); predicted for mean lengths and rate',
    ...collect(read('apex-plus/measured_results_summary.csv'), (row) => {
      const run = /vllm\/results\/(?<model>\w+?)_(?<trace>\w+?_\d+)_validation_(?:(?<copies>\d)DP)?(?<tensor>\d)TP/.exec(
        row['file'] ?? '',
      )?.groups
      if (run === undefined) return 'the times per token of SGLang are scaled otherwise'
      if (run['model'] !== 'llama') return 'the model of the other runs is not said'
      const trace = readTrace('llama', run['trace'] ?? '')
      if (trace === undefined) return 'the trace is not in the data'
      const requests = trace.requests / Number(run['copies'] ?? '1')
      return {
        model: 'meta-llama/Llama-3.1-70B-Instruct',
        hardware: 'h100-sxm',
        tp: run['tensor'] ?? '',
        engine: 'vllm',
        engine_version: '0.8.0',
        isl: String(Math.round(Number(row['trace_prompt_sum']) / requests)),
        osl: String(Math.round(Number(row['trace_out_sum']) / requests)),
        request_rate: String(requests / trace.seconds),
        ttft_ms_mean: String(Number(row['ttft']) * 1000),
        tpot_ms_mean: String(Number(row['tpot']) * 1000),
      }
    }),
  }
}

/** Every other set that sim's columns can hold; MLPerf names neither splits nor lengths, so that none of its rows can be predicted. */
export const readMeasuredSets = (): readonly MeasuredSet[] => [readSplitwise(), readArgonne(), readOverview(), readXeon(), readApex()]
