/** Networks against a model that compares bits. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAddressSet, normalAddress } from '../../src/blocking/address-set.ts'

type Bits = readonly [version: 4 | 6, bits: string]

/** Independent of any library: octets or groups as binary digits. */
const v4Text = (bits: string): string => [0, 8, 16, 24].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)).join('.')
const v6Text = (bits: string): string =>
  Array.from({ length: 8 }, (_, group) => Number.parseInt(bits.slice(group * 16, group * 16 + 16), 2).toString(16)).join(':')
const toText = ([version, bits]: Bits): string => (version === 4 ? v4Text(bits) : v6Text(bits))

const bitString = (length: number) =>
  fc.array(fc.constantFrom('0', '1'), { minLength: length, maxLength: length }).map((bits) => bits.join(''))
const address: fc.Arbitrary<Bits> = fc.oneof(
  bitString(32).map((bits): Bits => [4, bits]),
  // Global unicast, so that no address is an IPv4 address in disguise.
  bitString(125).map((bits): Bits => [6, `001${bits}`]),
)
const network = fc.tuple(address, fc.nat(128)).map(([at, length]) => ({ at, length: Math.min(length, at[1].length) }))

it('holds exactly the addresses of its networks', () => {
  const near = fc.tuple(fc.array(network, { minLength: 1, maxLength: 8 }), address, fc.nat(7), fc.nat(128))
  fc.assert(
    fc.property(near, ([networks, other, index, flipped]) => {
      const set = createAddressSet(networks.map(({ at, length }) => `${toText(at)}/${String(length)}`))
      const chosen = networks[index % networks.length]?.at ?? other
      // One bit away from a network's base: the place where an off-by-one shows.
      const flip = flipped % chosen[1].length
      const neighbour: Bits = [chosen[0], chosen[1].slice(0, flip) + (chosen[1][flip] === '1' ? '0' : '1') + chosen[1].slice(flip + 1)]
      for (const asked of [other, chosen, neighbour]) {
        const expected = networks.some(({ at, length }) => at[0] === asked[0] && at[1].slice(0, length) === asked[1].slice(0, length))
        expect(set.has(normalAddress(toText(asked)) ?? '')).toBe(expected)
      }
    }),
  )
})

it('takes a mapped network for the IPv4 network that it is', () => {
  const set = createAddressSet(['::ffff:192.0.2.0/120'])
  expect(set.has('192.0.2.77')).toBe(true)
  expect(set.has('192.0.3.77')).toBe(false)
})

it('knows an address in every spelling', () => {
  const set = createAddressSet(['192.0.2.7', '2001:db8::7'])
  for (const spelling of ['192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207', '2001:DB8:0:0::7', '[2001:db8::7]', '2001:db8::7%eth0'])
    expect(set.has(normalAddress(spelling) ?? '')).toBe(true)
  expect(set.has(normalAddress('192.0.2.8') ?? '')).toBe(false)
  expect(normalAddress('unknown')).toBeUndefined()
})

it.each([
  ['192.0.2.1:4711', '192.0.2.1'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['unknown', undefined],
])('reads %s, ports that proxies write included', (written, address) => {
  expect(normalAddress(written)).toBe(address)
})
