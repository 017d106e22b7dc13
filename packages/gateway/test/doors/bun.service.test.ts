/** The gateway under Bun: `Bun.serve({ fetch: gateway.fetch })`, with the official client streaming through it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { expect, it } from 'vitest'
import { refuse, streamThen, roleFrame, textFrame, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

const bun = process.env['BUD_TEST_BUN']
if (bun === undefined) throw new Error('BUD_TEST_BUN is not set: run npm run test:services, or set the path of a bun program')

const program = fileURLToPath(new URL('./bun-server.child.ts', import.meta.url))
const timeout = 60_000
const key = 'bud_under_bun'

async function serveUnderBun(runtime: string, upstream: Upstream) {
  const child = spawn(runtime, ['--conditions=bud-source', program, upstream.baseUrl, key], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'close')
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited])) as [unknown]
  if (typeof line !== 'string') throw new Error('bun ended before the gateway listened')
  const { url } = JSON.parse(line) as { url: string }
  return {
    client: new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 }),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

const question = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }

it('answers, streams piece by piece, and passes refusals on', { timeout }, async () => {
  await using upstream = await startUpstream(wellBehaved('hello from under bun'))
  await using served = await serveUnderBun(bun, upstream)
  const answer = await served.client.chat.completions.create(question)
  expect(answer.choices[0]?.message.content).toBe('hello from under bun')
  const pieces: string[] = []
  const options = { ...question, stream: true as const, stream_options: { include_usage: true } }
  let total: number | undefined
  for await (const chunk of await served.client.chat.completions.create(options)) {
    const piece = chunk.choices[0]?.delta.content
    if (piece) pieces.push(piece)
    total = chunk.usage?.total_tokens ?? total
  }
  expect(pieces).toEqual(['hello ', 'from ', 'under ', 'bun'])
  expect(total).toBe(18)
  upstream.answer = refuse(400, { message: 'no such parameter', type: 'invalid_request_error', code: 'invalid_value' })
  await expect(served.client.chat.completions.create(question)).rejects.toMatchObject({ status: 400, code: 'invalid_value' })
  await expect(served.client.withOptions({ apiKey: 'bud_wrong' }).chat.completions.create(question)).rejects.toMatchObject({ status: 401 })
})

it('ends a stream that breaks off with a typed error, and lets go of the upstream when the caller leaves', { timeout }, async () => {
  await using upstream = await startUpstream(streamThen([roleFrame, textFrame('half ')], (res) => res.destroy()))
  await using served = await serveUnderBun(bun, upstream)
  const read = async () => {
    let text = ''
    for await (const chunk of await served.client.chat.completions.create({ ...question, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    return text
  }
  await expect(read()).rejects.toMatchObject({ code: 'stream_interrupted' })
  upstream.answer = streamThen([roleFrame, textFrame('begin ')], () => undefined)
  for await (const chunk of await served.client.chat.completions.create({ ...question, stream: true })) {
    if (chunk.choices[0]?.delta.content === 'begin ') break
  }
  await upstream.seen.at(-1)?.aborted
})
