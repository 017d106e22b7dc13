/** The reference problems of the search. */
import type { OptimizeRequest } from '@bud-foundry/sim'

export const problems = {
  /** Qwen3-32B in FP8 on 32 H200. */
  qwen: {
    model: 'Qwen/Qwen3-32B',
    precisions: ['fp8'],
    devices: Array.from({ length: 4 }, () => ({ hardwareId: 'h200-sxm', count: 8, usdPerHour: 3.5 })),
    workload: { inputTokens: 4000, outputTokens: 1000, concurrency: 256 },
    objective: { timeToFirstTokenMs: 2000, timePerOutputTokenMs: 30 },
    engines: ['vllm', 'sglang', 'tensorrt-llm'],
  },
  /** DeepSeek-V3 on 64 H200. */
  deepseek: {
    model: 'deepseek-ai/DeepSeek-V3',
    devices: Array.from({ length: 8 }, () => ({ hardwareId: 'h200-sxm', count: 8, usdPerHour: 3.5 })),
    workload: { inputTokens: 4000, outputTokens: 1000, concurrency: 512 },
    objective: { timeToFirstTokenMs: 4000, timePerOutputTokenMs: 60 },
    engines: ['vllm', 'sglang', 'tensorrt-llm'],
  },
} as const satisfies Record<string, OptimizeRequest>
