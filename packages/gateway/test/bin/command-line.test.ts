/** The command line: what is understood, and what is said about the rest. */
import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../src/bin/command-line.ts'

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

it('prints help for everyone who asks', () => {
  for (const words of [[], ['--help'], ['serve', '--help'], ['keys', 'list', '--help']])
    expect(parseCommand(words)).toEqual({ kind: 'help' })
})

describe('says what is wrong with', () => {
  it.each([
    [['start'], "'start' is no command; use serve, check, keys, projects, users, credentials or master-key"],
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
  ])('%j', (words, message) => {
    expect(() => parseCommand(words)).toThrow(message)
  })
})
