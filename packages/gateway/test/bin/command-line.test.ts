/** The command line: what is understood, and what is said about the rest. */
import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../src/bin/command-line.ts'
import { limitText } from '../../src/bin/limit-text.ts'

it('fills in what is not said', () => {
  expect(parseCommand(['serve', '-c', 'a.ts'])).toEqual({
    kind: 'serve',
    options: {
      config: 'a.ts',
      host: undefined,
      port: undefined,
      workers: 1,
      dataDir: 'bud-gateway-data',
      store: undefined,
      events: undefined,
      logFormat: 'json',
      logLevel: 'info',
      graceMs: 8_000,
      watch: true,
    },
  })
})

it('takes lists of models and scopes of a key', () => {
  const command = parseCommand(['keys', 'create', '--name', 'n', '--model', 'a', '--model', 'b*', '--expires-in-days', '30'])
  expect(command).toMatchObject({ kind: 'keys-create', key: { name: 'n', models: ['a', 'b*'], scopes: undefined, expiresInDays: 30 } })
})

it('takes limits as words, and says them again', () => {
  const words = [
    'requests=600/minute',
    'tokens=1000000/day,model=gpt-*,per-model',
    'concurrency=8',
    'usd=50/month,name=m',
    'requests=5/90s',
    'requests=5/day,time-zone=UTC',
    'usd=0.0000001/week,time-zone=Europe/Berlin,model=a=b',
  ]
  const command = parseCommand(['keys', 'create', '--name', 'n', ...words.flatMap((word) => ['--limit', word])])
  const limits = [
    { kind: 'requests', limit: 600, window: 'minute' },
    { kind: 'tokens', limit: 1_000_000, window: 'day', models: ['gpt-*'], perModel: true },
    { kind: 'concurrency', limit: 8 },
    { kind: 'spend', limitUsd: 50, window: { calendar: 'month', timeZone: 'UTC' }, name: 'm' },
    { kind: 'requests', limit: 5, window: { seconds: 90 } },
    { kind: 'requests', limit: 5, window: { calendar: 'day', timeZone: 'UTC' } },
    { kind: 'spend', limitUsd: 0.000_000_1, window: { calendar: 'week', timeZone: 'Europe/Berlin' }, models: ['a=b'] },
  ] as const
  expect(command).toMatchObject({ key: { limits } })
  expect(limits.map(limitText)).toEqual(words)
})

it('takes budgets, prices and changes of records as administrative operations', () => {
  const budget = [
    'budgets',
    'put',
    'b',
    '--subject',
    'project:docs',
    '--usd',
    '12.5',
    '--window',
    'month',
    '--time-zone',
    'Europe/Berlin',
    '--stop',
  ]
  expect(parseCommand(budget)).toMatchObject({
    operation: 'putBudget',
    input: {
      params: { id: 'b' },
      body: {
        subject: { kind: 'project', id: 'docs' },
        limitUsd: 12.5,
        window: { calendar: 'month', timeZone: 'Europe/Berlin' },
        stop: true,
      },
    },
  })
  expect(parseCommand(['keys', 'update', 'k', '--no-limits', '--all-models'])).toMatchObject({
    operation: 'updateKey',
    input: { params: { id: 'k' }, body: { limits: null, models: null } },
  })
  expect(parseCommand(['users', 'update', 'u', '--name', 'n', '--limit', 'concurrency=1'])).toMatchObject({
    operation: 'updateUser',
    input: { params: { id: 'u' }, body: { name: 'n', limits: [{ kind: 'concurrency', limit: 1 }] } },
  })
})

it('prints help for everyone who asks', () => {
  for (const words of [[], ['--help'], ['serve', '--help'], ['keys', 'list', '--help']])
    expect(parseCommand(words)).toEqual({ kind: 'help' })
})

describe('says what is wrong with', () => {
  it.each([
    [['start'], "'start' is no command; use serve, check, keys, projects, users, credentials, budgets, prices, spend, audit or master-key"],
    [['serve'], '--config is missing'],
    [['serve', '--config', 'a', '--port', '70000'], "--port is '70000'; write a whole number from 0 to 65535"],
    [['serve', '--config', 'a', '--workers', '0'], "--workers is '0'"],
    [['serve', '--config', 'a', '--log-format', 'xml'], "--log-format is 'xml'; use one of json, human"],
    [['serve', '--config', 'a', '--bogus'], "Unknown option '--bogus'"],
    [['serve', '--config', 'a', 'b'], 'b'],
    [['keys'], 'keys is no command'],
    [['keys', 'revoke'], 'the ID is missing'],
    [['keys', 'revoke', 'a', 'b'], "'b' is one word too many"],
    [['keys', 'create'], '--name is missing'],
    [['projects', 'frob'], 'projects frob is no command'],
    [['users', 'disable'], 'the ID is missing'],
    [['credentials', 'put', 'a'], '--master-key is missing'],
    [['keys', 'create', '--name', 'n', '--scope', 'frob'], "--scope is 'frob'; use inference, metrics, admin"],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5'], "--limit is 'requests=5'; write requests=600/minute"],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5/hour,time-zone=UTC'], 'a time zone goes with day, week and month alone'],
    [['keys', 'create', '--name', 'n', '--limit', 'concurrency=5,time-zone=UTC'], 'a time zone goes with day, week and month alone'],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5/day,name'], "--limit is 'requests=5/day,name'"],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5/day,name='], "--limit is 'requests=5/day,name='"],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5/day,name=a,name=b'], "--limit is 'requests=5/day,name=a,name=b'"],
    [['keys', 'create', '--name', 'n', '--limit', 'concurrency=5/day'], "--limit is 'concurrency=5/day'"],
    [['keys', 'create', '--name', 'n', '--limit', 'usd=5/month,time-zone=Mars'], 'window'],
    [['keys', 'create', '--name', 'n', '--limit', 'requests=5/day,frob'], "--limit is 'requests=5/day,frob'"],
    [['keys', 'update', 'a', '--limit', 'requests=5/day', '--no-limits'], 'exclude each other'],
    [['projects', 'disable', 'a', '--limit', 'requests=5/day'], '--limit has no place here'],
    [['budgets', 'frob'], 'budgets frob is no command; use budgets list'],
    [['budgets', 'put', 'b', '--usd', '5'], '--subject is missing'],
    [['budgets', 'put', 'b', '--subject', 'team:a', '--usd', '5'], "--subject is 'team:a'; write key:ID"],
    [['budgets', 'put', 'b', '--subject', 'all', '--usd', 'five'], "--usd is 'five'; write an amount"],
    [['prices', 'put', 'p', '--input', '1', '--output', '1'], '--model or --target is needed'],
    [['audit'], 'audit is no command; use audit list'],
  ])('%j', (words, message) => {
    expect(() => parseCommand(words)).toThrow(message)
  })
})
