/** Request events as a busy gateway writes them: skewed projects and models, one attempt, ids of version 7. */
import { createId, type Clock, type Random, type RequestEvent } from '@bud-foundry/core'

const models = ['llama-3.1-8b', 'llama-3.3-70b', 'gpt-4o-mini', 'claude-sonnet-4', 'qwen3-32b', 'gemma-3-12b']
const projects = 100

/** A seeded generator (mulberry32), so that every run writes the same mix. */
export function seededShare(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const micro = (ms: number) => Math.round(ms * 1000) / 1000

/** One event, as of the clock. */
export function sampleEvent(share: () => number, clock: Clock, random: Random): RequestEvent {
  const skewed = (count: number) => Math.floor(share() ** 2 * count)
  const project = skewed(projects)
  const user = skewed(300)
  // People mostly stay with one model.
  const model = models[share() < 0.8 ? (user * 7 + project) % models.length : skewed(models.length)] ?? 'llama-3.1-8b'
  const isGood = share() < 0.97
  const durationMs = micro(Math.exp(6.5 + share() * 2))
  const firstMs = micro(durationMs * share() * 0.3)
  const targetId = `${model}@pool-${String(project % 3)}`
  const measured = isGood ? { timeToFirstTokenMs: firstMs } : {}
  const ending = isGood ? { finishReason: 'stop', timePerOutputTokenMs: micro(share() * 40) } : { errorCode: 'GATEWAY_UPSTREAM_FAILED' }
  return {
    id: createId(clock, random),
    kind: 'request',
    timeUnixMs: clock.nowMs(),
    traceId: Buffer.from(random.bytes(16)).toString('hex'),
    projectId: `project-${String(project)}`,
    keyId: `key-${String(project)}-${String(user % 4)}`,
    userId: `user-${String(project)}-${String(user)}`,
    operation: 'chat',
    dialect: 'openai-chat',
    stream: share() < 0.7,
    requestedModel: model,
    model,
    targetId,
    providerId: 'vllm',
    status: isGood ? 200 : 502,
    outcome: isGood ? 'success' : 'error',
    durationMs,
    ...measured,
    ...ending,
    overheadMs: micro(share() * 0.5),
    inputTokens: skewed(4_000),
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    outputTokens: skewed(1_000),
    reasoningTokens: 0,
    usageSource: 'upstream',
    costUsd: Math.round(share() * 10_000) / 1e7,
    cache: 'none',
    requestBytes: skewed(9_000),
    responseBytes: skewed(20_000),
    attempts: [
      {
        targetId,
        providerId: 'vllm',
        startMs: 0.4,
        durationMs: durationMs - 0.5,
        status: isGood ? 200 : 502,
        outcome: isGood ? 'success' : 'error',
        ...measured,
      },
    ],
    clientIp: `10.0.${String(project)}.${String(user % 250)}`,
    userAgent: 'openai-python/1.99.1',
    tags: { environment: 'production', team: `team-${String(project % 10)}` },
  }
}
