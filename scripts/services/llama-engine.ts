/** Loads node-llama-cpp from outside the repository and runs one chat completion at a time on it. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

export const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  stream: z.boolean().default(false),
  stream_options: z.looseObject({ include_usage: z.boolean().default(false) }).default({ include_usage: false }),
  max_tokens: z.int().min(1).max(1024).default(64),
  max_completion_tokens: z.int().min(1).max(1024).optional(),
  temperature: z.number().min(0).max(2).default(0),
  seed: z.int().optional(),
})
export type ChatRequest = z.output<typeof chatRequest>

export interface Completion {
  readonly finishReason: 'stop' | 'length'
  readonly promptTokens: number
  readonly completionTokens: number
}

// The parts of node-llama-cpp that are used. It is installed outside the lock file, so its own declarations are out of reach.
type HistoryItem = { type: 'system'; text: string } | { type: 'user'; text: string } | { type: 'model'; response: string[] }
interface TokenMeter {
  getState(): unknown
  diff(before: unknown): { usedInputTokens: number; usedOutputTokens: number }
}
interface Sequence {
  readonly tokenMeter: TokenMeter
  clearHistory(): Promise<void>
}
interface PromptOptions {
  maxTokens: number
  temperature: number
  seed?: number
  signal: AbortSignal
  stopOnAbortSignal: boolean
  onTextChunk: (text: string) => void
}
interface Session {
  setChatHistory(history: HistoryItem[]): void
  promptWithMeta(text: string, options: PromptOptions): Promise<{ stopReason: string }>
  dispose(): void
}
interface Engine {
  getLlama(options: object): Promise<{
    loadModel(options: { modelPath: string }): Promise<{ createContext(options: object): Promise<{ getSequence(): Sequence }> }>
  }>
  LlamaChatSession: new (options: { contextSequence: Sequence; autoDisposeSequence: boolean }) => Session
}

const contextTokens = 2048
const threads = 2

const toHistory = (messages: ChatRequest['messages']): HistoryItem[] =>
  messages.map(({ role, content }) => (role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content }))

/** Loads the model and returns the function that completes one chat, telling each piece of text as it is made. */
export const loadEngine = async (engineFolder: string, modelPath: string) => {
  const entry = path.join(engineFolder, 'node_modules/node-llama-cpp/dist/index.js')
  // Safe: the version is pinned in llama.ts, and these members were read from its declarations.
  const engine = (await import(pathToFileURL(entry).href)) as Engine
  const runtime = await engine.getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: threads, logLevel: 'error' })
  const model = await runtime.loadModel({ modelPath })
  const context = await model.createContext({ contextSize: contextTokens, threads })
  const sequence = context.getSequence()

  const complete = async (request: ChatRequest, signal: AbortSignal, onText: (text: string) => void): Promise<Completion> => {
    const history = request.messages.slice(0, -1)
    const last = request.messages.at(-1)?.content ?? ''
    await sequence.clearHistory()
    const session = new engine.LlamaChatSession({ contextSequence: sequence, autoDisposeSequence: false })
    try {
      session.setChatHistory(toHistory(history))
      const before = sequence.tokenMeter.getState()
      const { stopReason } = await session.promptWithMeta(last, {
        maxTokens: request.max_completion_tokens ?? request.max_tokens,
        temperature: request.temperature,
        ...(request.seed === undefined ? {} : { seed: request.seed }),
        signal,
        stopOnAbortSignal: true,
        onTextChunk: onText,
      })
      const used = sequence.tokenMeter.diff(before)
      const finishReason = stopReason === 'maxTokens' ? 'length' : 'stop'
      return { finishReason, promptTokens: used.usedInputTokens, completionTokens: used.usedOutputTokens }
    } finally {
      session.dispose()
    }
  }

  let last: Promise<unknown> = Promise.resolve()
  /** One at a time, in order of arrival: the context has a single sequence. */
  return (...args: Parameters<typeof complete>): Promise<Completion> => {
    const result = last.then(() => complete(...args))
    last = result.catch(() => undefined)
    return result
  }
}
