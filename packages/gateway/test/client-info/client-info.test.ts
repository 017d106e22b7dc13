/** What an address and a user agent tell. */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createClientInfoReader } from '../../src/client-info/client-info.ts'
import { openGeoDatabase } from '../../src/client-info/geo-database.ts'

const countryFile = fileURLToPath(import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'))

it('reads countries from a database in the public domain', async () => {
  const reader = createClientInfoReader(await openGeoDatabase(countryFile))
  expect(reader.place('8.8.8.8').country).toBe('US')
  expect(reader.place('2606:4700:4700::1111').country).toBe('US')
  expect(reader.place('193.0.6.139').country).toBe('NL')
  expect(reader.place('127.0.0.1').country).toBeUndefined()
  expect(reader.place('not an address').country).toBeUndefined()
  expect(reader.place(undefined)).toEqual({})
})

it('says which file cannot be read', async () => {
  await expect(openGeoDatabase('/nowhere/geo.mmdb')).rejects.toMatchObject({
    code: 'GATEWAY_GEO_DATABASE_UNREADABLE',
    message: expect.stringContaining('/nowhere/geo.mmdb'),
  })
  await expect(openGeoDatabase(fileURLToPath(import.meta.url))).rejects.toMatchObject({ code: 'GATEWAY_GEO_DATABASE_UNREADABLE' })
})

const agents = [
  ['OpenAI/Python 1.2.3', { clientName: 'OpenAI/Python', clientVersion: '1.2.3', clientKind: 'program' }],
  ['Anthropic/JS 0.30.1', { clientName: 'Anthropic/JS', clientVersion: '0.30.1', clientKind: 'program' }],
  ['curl/8.5.0', { clientName: 'curl', clientVersion: '8.5.0', clientKind: 'program' }],
  ['node', { clientName: 'node', clientKind: 'program' }],
  ['claude-cli/1.0.5 (external, cli)', { clientName: 'claude-cli', clientVersion: '1.0.5', clientKind: 'program' }],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    { clientName: 'Chrome', clientVersion: '120.0.0.0', clientKind: 'desktop', clientOs: 'Windows' },
  ],
  [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    { clientName: 'Googlebot', clientVersion: '2.1', clientKind: 'bot', clientOs: undefined },
  ],
] as const

it.each(agents)('reads %s', (userAgent, program) => {
  expect(createClientInfoReader().program(userAgent)).toEqual(program)
})

it('asks the database once for each address, and cuts what is too long', () => {
  let asked = 0
  const reader = createClientInfoReader({ lookup: () => ((asked += 1), { country: 'DE' }) })
  for (let index = 0; index < 5; index += 1) expect(reader.place('8.8.8.8').country).toBe('DE')
  expect(asked).toBe(1)
  expect(reader.program('x'.repeat(10_000)).clientName).toHaveLength(64)
})
