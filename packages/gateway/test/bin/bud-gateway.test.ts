/** The command as its users have it: real processes, real signals, real sockets. */
import { readFile } from 'node:fs/promises'
import { request as tlsRequest } from 'node:https'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createKey as createKeyIn, get, post, run, serve, statusOf, urlOf, type Running } from '../support/bud-gateway.ts'
import { createAuthority, createCertificate, type Certificate } from '../support/certificates.ts'
import { createDirectory, type TestDirectory } from '../support/directory.ts'
import { doneFrame, finishFrame, roleFrame, startSse, textFrame, wellBehaved } from '../support/openai-answers.ts'
import { parsePrometheus } from '../support/prometheus.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

// Each test starts a few processes from source, which takes seconds on a busy machine.
const timeout = 90_000

const configOf = (upstream: Upstream, name = 'm', more: Record<string, unknown> = {}) => ({
  models: { [name]: { targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl, credential: 'env:UPSTREAM_KEY' }] } },
  listen: { port: 0 },
  ...more,
})

const env = { UPSTREAM_KEY: 'sk-upstream' }
const dataDir = (directory: TestDirectory) => ['--data-dir', join(directory.path, 'data')]

const createKey = (directory: TestDirectory, scope = 'inference') => createKeyIn(dataDir(directory), scope)

/** Asks again until it is so; vitest's own time is the bound. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(20)
}

/** An upstream whose streams go on until they are told to finish. */
async function startLongStreams() {
  const open: (() => void)[] = []
  const upstream = await startUpstream((res) => {
    startSse(res)
    res.write(roleFrame + textFrame('begin '))
    open.push(() => res.end(textFrame('end') + finishFrame + doneFrame))
  })
  return { upstream, finish: () => open.splice(0).forEach((end) => end()) }
}

/** A stream whose first content has come. */
async function openStream(url: string, key: string) {
  const response = await post(url, key, { stream: true })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('begin ')) text += decoder.decode((await reader.read()).value, { stream: true })
  const rest = async (): Promise<string> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text
      text += decoder.decode(value, { stream: true })
    }
  }
  return { rest }
}

describe('one process', () => {
  it('serves with keys of the data directory, writes events, and stops in order', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { key } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    const events = join(directory.path, 'events.ndjson')
    await using running = serve(['--config', config, '--events', events, ...dataDir(directory)], env)
    const url = await urlOf(running)
    expect(await statusOf(post(url, key))).toBe(200)
    expect(await statusOf(post(url, 'bud_wrong'))).toBe(401)
    expect(upstream.seen[0]?.headers['authorization']).toBe('Bearer sk-upstream')
    running.child.kill('SIGTERM')
    expect(await running.exited).toBe(0)
    const written = (await readFile(events, 'utf8')).trimEnd().split('\n')
    expect(written.map((line) => (JSON.parse(line) as { kind: string }).kind)).toContain('request')
    expect(JSON.stringify(running.lines)).not.toContain('sk-upstream')
  })

  it('lets a stream finish after SIGTERM, and takes no new connection', { timeout }, async () => {
    await using directory = await createDirectory()
    const { upstream, finish } = await startLongStreams()
    await using _upstream = upstream
    const { key } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    await using running = serve(['--config', config, ...dataDir(directory)], env)
    const url = await urlOf(running)
    const stream = await openStream(url, key)
    running.child.kill('SIGTERM')
    await running.line('stopping')
    await expect(post(url, key)).rejects.toThrow('fetch failed')
    finish()
    expect(await stream.rest()).toContain('[DONE]')
    expect(await running.exited).toBe(0)
  })

  it('ends a stream with an error when the grace time is over', { timeout }, async () => {
    await using directory = await createDirectory()
    const { upstream } = await startLongStreams()
    await using _upstream = upstream
    const { key } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    await using running = serve(['--config', config, '--grace-ms', '50', ...dataDir(directory)], env)
    const stream = await openStream(await urlOf(running), key)
    running.child.kill('SIGTERM')
    const text = await stream.rest()
    expect(text).toContain('shutting_down')
    expect(text).not.toContain('[DONE]')
    expect(await running.exited).toBe(0)
  })

  it('takes a changed file into use while a stream goes on, and leaves a broken one aside', { timeout }, async () => {
    await using directory = await createDirectory()
    const { upstream, finish } = await startLongStreams()
    await using _upstream = upstream
    const { key } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    await using running = serve(['--config', config, ...dataDir(directory)], env)
    const url = await urlOf(running)
    const stream = await openStream(url, key)
    await directory.write('gateway.json', configOf(upstream, 'renamed'))
    await running.line('the configuration was reloaded')
    expect(await statusOf(post(url, key))).toBe(404)
    await directory.write('gateway.json', { models: { m: { targets: [{ provider: 'nobody' }] } }, lisen: {} })
    const { problems } = await running.line('the new configuration is not used; the one before stays in force')
    expect(problems).toContain('lisen: is not a known field')
    const renamed = post(url, key, { model: 'renamed', stream: true })
    await until(async () => upstream.seen.length === 2)
    finish()
    expect(await statusOf(renamed)).toBe(200)
    expect(await stream.rest()).toContain('[DONE]')
  })

  it('reloads on SIGHUP, without watching', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { key } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    await using running = serve(['--config', config, '--no-watch', ...dataDir(directory)], env)
    const url = await urlOf(running)
    await directory.write('gateway.json', configOf(upstream, 'renamed'))
    running.child.kill('SIGHUP')
    await running.line('the configuration was reloaded')
    expect(await statusOf(post(url, key, { model: 'renamed' }))).toBe(200)
  })

  it('shows a renewed certificate without a restart', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const authority = await createAuthority()
    const write = async ({ cert, key }: Certificate) => {
      await directory.write('tls.key', key)
      await directory.write('tls.crt', cert)
    }
    await write(await createCertificate(authority))
    const listen = { port: 0, tls: { cert: 'file:tls.crt', key: 'file:tls.key' } }
    const config = await directory.write('gateway.json', configOf(upstream, 'm', { listen }))
    await using running = serve(['--config', config, ...dataDir(directory)], env)
    const url = await urlOf(running)
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const sent = tlsRequest(`${url}/health`, { ca: authority.cert, agent: false }, (res) => {
          // The socket of an https request is a TLSSocket.
          resolve((res.socket as TLSSocket).getPeerCertificate().serialNumber)
          res.resume()
        })
        sent.on('error', reject).end()
      })
    const before = await serial()
    await write(await createCertificate(authority))
    await until(async () => (await serial()) !== before)
  })
})

describe('workers', () => {
  async function startWorkers(directory: TestDirectory, upstream: Upstream) {
    const { key, id } = await createKey(directory)
    const config = await directory.write('gateway.json', configOf(upstream))
    const running = serve(['--config', config, '--workers', '2', '--grace-ms', '20000', ...dataDir(directory)], env)
    return { running, key, id, url: await urlOf(running) }
  }

  /** Process ids of the workers, as Linux knows them. */
  async function workersOf({ child }: Running): Promise<number[]> {
    const pid = String(child.pid)
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.trim().split(/\s+/).filter(Boolean).map(Number)
  }

  /** Node loses a connection that it hands to a worker in the moment of that worker's death: nobody answers it, so ask again. */
  const isServed = async (url: string, key: string, model: string): Promise<boolean> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, connection: 'close' }
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] })
    try {
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body, signal: AbortSignal.timeout(5_000) })
      await response.arrayBuffer()
      return response.status === 200
    } catch {
      return false
    }
  }

  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  it('all refuse a revoked key within a second', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running, key, id, url } = await startWorkers(directory, upstream)
    await using _running = running
    for (let count = 0; count < 4; count += 1) expect(await statusOf(post(url, key))).toBe(200)
    const { code } = await run(['keys', 'revoke', id, ...dataDir(directory)])
    const revokedAtMs = performance.now()
    expect(code).toBe(0)
    let refusedInARow = 0
    // Connections go to the workers in turn, so four in a row have met both.
    while (refusedInARow < 4) {
      refusedInARow = (await statusOf(post(url, key))) === 401 ? refusedInARow + 1 : 0
      expect(performance.now() - revokedAtMs).toBeLessThan(1_000)
    }
  })

  it('take a key that was made while they run, all of them and at once', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running, url } = await startWorkers(directory, upstream)
    await using _running = running
    const { key } = await createKey(directory)
    const madeAtMs = performance.now()
    let admittedInARow = 0
    while (admittedInARow < 4) {
      admittedInARow = (await statusOf(post(url, key))) === 200 ? admittedInARow + 1 : 0
      expect(performance.now() - madeAtMs).toBeLessThan(2_000)
    }
  })

  it('tell one set of metrics, whichever is asked, and keep it when one is killed', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { key: metricsKey } = await createKey(directory, 'metrics')
    const { running, key, url } = await startWorkers(directory, upstream)
    await using _running = running
    expect(await statusOf(get(`${url}/metrics`, key))).toBe(403)
    for (let count = 0; count < 5; count += 1) expect(await statusOf(post(url, key))).toBe(200)
    const read = async () => {
      const response = await get(`${url}/metrics`, metricsKey)
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
      const families = parsePrometheus(await response.text())
      const sum = (name: string) => families.get(name)?.samples.reduce((total, { value }) => total + value, 0)
      return [sum('bud_gateway_requests_total'), sum('bud_gateway_workers'), sum('bud_gateway_target_healthy')]
    }
    // Connections go to the workers in turn, so both have been asked.
    for (let count = 0; count < 4; count += 1) expect(await read()).toEqual([5, 2, 1])
    const [victim = 0] = await workersOf(running)
    process.kill(victim, 'SIGKILL')
    await running.line('a worker was replaced')
    expect(await read()).toEqual([5, 2, 1])
  })

  it('go on when one is killed, which is replaced with the configuration of the day', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running, key, url } = await startWorkers(directory, upstream)
    await using _running = running
    await directory.write('gateway.json', configOf(upstream, 'renamed'))
    await running.line('the configuration was reloaded')
    const [victim = 0] = await workersOf(running)
    process.kill(victim, 'SIGKILL')
    expect(await running.line('a worker ended and will be replaced')).toMatchObject({ ending: 'SIGKILL' })
    await until(() => isServed(url, key, 'renamed'))
    await running.line('a worker was replaced')
    for (let count = 0; count < 4; count += 1) expect(await statusOf(post(url, key, { model: 'renamed' }))).toBe(200)
    expect(await workersOf(running)).toHaveLength(2)
  })

  it('keep a configuration that one of them refuses out of all, its replacement included', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running, key, url } = await startWorkers(directory, upstream)
    await using _running = running
    const guardrails = { rails: { a: { kind: 'keywords', words: ['x'] } }, attach: [{ rails: ['nobody'] }] }
    await directory.write('gateway.json', configOf(upstream, 'renamed', { guardrails }))
    const { problems } = await running.line('the new configuration is not used; the one before stays in force')
    expect(problems).toContain("there is no rail 'nobody'")
    const [victim = 0] = await workersOf(running)
    process.kill(victim, 'SIGKILL')
    await running.line('a worker was replaced')
    await until(() => isServed(url, key, 'm'))
  })

  it('come back when all are killed at once', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running } = await startWorkers(directory, upstream)
    await using _running = running
    for (const pid of await workersOf(running)) process.kill(pid, 'SIGKILL')
    await running.line('a worker was replaced', 1)
    expect(await workersOf(running)).toHaveLength(2)
  })

  it('finish their streams after SIGTERM, and none is left', { timeout }, async () => {
    await using directory = await createDirectory()
    const { upstream, finish } = await startLongStreams()
    await using _upstream = upstream
    const { running, key, url } = await startWorkers(directory, upstream)
    await using _running = running
    const workers = await workersOf(running)
    const streams = [await openStream(url, key), await openStream(url, key)]
    running.child.kill('SIGTERM')
    await running.line('stopping')
    await until(async () => (await statusOf(post(url, key))) === 503)
    finish()
    for (const stream of streams) expect(await stream.rest()).toContain('[DONE]')
    expect(await running.exited).toBe(0)
    expect(workers.filter(isAlive)).toEqual([])
  })

  it('end when their primary is killed', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const { running } = await startWorkers(directory, upstream)
    await using _running = running
    const workers = await workersOf(running)
    running.child.kill('SIGKILL')
    await until(async () => !workers.some(isAlive))
    expect(workers).toHaveLength(2)
  })

  it('do not start on a port that is taken, and say so', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const config = await directory.write('gateway.json', configOf(upstream))
    const port = new URL(upstream.url).port
    const { code, err } = await run(['serve', '--config', config, '--workers', '2', '--port', port, ...dataDir(directory)], env)
    expect(code).toBe(1)
    expect(err).toContain('EADDRINUSE')
  })
})

describe('check', () => {
  it('lists all problems and fails, or counts what is there', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const good = await directory.write('good.yaml', JSON.stringify(configOf(upstream)))
    expect(await run(['check', '--config', good], env)).toMatchObject({ code: 0, out: expect.stringContaining('1 models, 1 targets') })
    const bad = await directory.write(
      'bad.ts',
      `export default ${JSON.stringify({ ...configOf(upstream), listen: { tls: { cert: 'env:NONE', key: 'env:NONE' } } })}`,
    )
    const { code, err } = await run(['check', '--config', bad], { UPSTREAM_KEY: '' })
    expect(code).toBe(1)
    expect(err).toContain('has 3 problems')
    expect(err).toContain('models.m.targets.0.credential: there is no secret behind')
  })

  it('warns of what is valid and may not be what was meant, as the start does', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const more = {
      auth: { kind: 'none' },
      listen: { port: 0, admin: { port: 0, credential: 'x'.repeat(24) } },
      rateLimits: { rules: [{ kind: 'spend', limitUsd: 1, window: 'hour' }] },
      guardrails: { rails: { a: { kind: 'keywords', words: ['x'] } }, attach: [] },
    }
    const config = await directory.write('doubtful.json', configOf(upstream, 'm', more))
    const { code, out } = await run(['check', '--config', config], env)
    expect(code).toBe(0)
    const paths = ['models.m', 'guardrails.rails.a', 'listen.admin']
    for (const path of paths) expect(out).toContain(`warning: ${path} `)
    await using running = serve(['--config', config, ...dataDir(directory)], env)
    await running.line('listening')
    const warned = running.lines.filter(({ msg }) => msg === 'this may not be what was meant')
    expect(warned.map(({ path }) => path)).toEqual(paths)
  })

  it('finds what only a start would show: rails, hooks, rules that never apply, ids twice', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const problemsOf = async (more: Record<string, unknown>) => {
      const config = await directory.write('bad.json', configOf(upstream, 'm', more))
      const { code, err } = await run(['check', '--config', config], env)
      expect(code).toBe(1)
      return err
    }
    const rails = { a: { kind: 'keywords', words: ['x'] } }
    const rule = { id: 'twice', kind: 'address', addresses: ['192.0.2.1'] }
    expect(await problemsOf({ guardrails: { rails, attach: [{ rails: ['nobody'] }] } })).toContain("there is no rail 'nobody'")
    expect(await problemsOf({ hooks: './none.js' })).toMatch(/has 1 problem:\s+hooks: /)
    expect(await problemsOf({ blocking: { rules: [{ kind: 'country', countries: ['NL'] }] } })).toContain('countries')
    const names = await problemsOf({
      rateLimits: { rules: [{ kind: 'requests', limit: 1, window: 'day', models: ['zzz'] }] },
      guardrails: { rails, attach: [{ rails: ['a'], models: ['m', 'n*'] }] },
      blocking: { rules: [rule, rule] },
    })
    expect(names).toContain("rateLimits.rules.0.models.0: 'zzz' fits no model")
    expect(names).toContain("guardrails.attach.0.models.1: 'n*' fits no model")
    expect(names).toContain("blocking.rules.1.id: the rule id 'twice' is used twice")
  })
})

describe('credentials', () => {
  it('are sealed with a master key, and used by name in a running gateway', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const master = await directory.write('master.pem', (await run(['master-key'])).out)
    const vault = ['--master-key', `file:${master}`, ...dataDir(directory)]
    const stored = await run(['credentials', 'put', 'openai', ...vault], {}, 'sk-from-the-vault\n')
    expect(stored).toMatchObject({ code: 0, out: expect.stringContaining('credential:openai') })
    expect((await run(['credentials', 'list', ...vault])).out).toMatch(/^openai\t/)
    const { key } = await createKey(directory)
    const target = { provider: 'openai-compatible', baseUrl: upstream.baseUrl, credential: 'credential:openai' }
    const config = await directory.write('gateway.json', {
      models: { m: { targets: [target] } },
      listen: { port: 0 },
    })
    await using running = serve(['--config', config, ...vault])
    const answer = await post(await urlOf(running), key)
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    expect(upstream.seen[0]?.headers['authorization']).toBe('Bearer sk-from-the-vault')
  })
})

describe('projects', () => {
  it('are made, disabled, listed and deleted', { timeout }, async () => {
    await using directory = await createDirectory()
    const projects = (...words: string[]) => run(['projects', ...words, ...dataDir(directory)])
    expect((await projects('create', 'search', '--name', 'Search team')).out).toBe('search\tSearch team\tenabled\n')
    expect((await projects('disable', 'search')).out).toContain('disabled')
    expect((await projects('list')).out).toBe('search\tSearch team\tdisabled\n')
    expect((await projects('delete', 'search')).code).toBe(0)
    expect((await projects('delete', 'search')).err).toContain("'search' belongs to nothing")
  })
})

describe('keys', () => {
  it('are made once shown, listed without their secret, and revoked', { timeout }, async () => {
    await using directory = await createDirectory()
    const { id, key } = await createKey(directory)
    const listed = await run(['keys', 'list', ...dataDir(directory)])
    expect(listed.out).toContain(id)
    expect(listed.out).not.toContain(key)
    const rotated = await run(['keys', 'rotate', id, '--json', '--overlap-hours', '1', ...dataDir(directory)])
    expect(JSON.parse(rotated.out)).toMatchObject({ id, key: expect.not.stringContaining(key) as string, previous: [{}] })
    expect((await run(['keys', 'revoke', id, ...dataDir(directory)])).code).toBe(0)
    expect((await run(['keys', 'list', '--json', ...dataDir(directory)])).out).toContain('revokedUnixMs')
    expect((await run(['keys', 'revoke', 'nobody', ...dataDir(directory)])).err).toContain("the ID 'nobody' belongs to no key")
  })
})
