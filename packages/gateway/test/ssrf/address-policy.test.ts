/** Which addresses count as public. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressProblem, createAddressPolicy } from '../../src/ssrf/address-policy.ts'

const refused = [
  ['0.0.0.0', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['100.100.100.200', 'carrierGradeNat'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['168.63.129.16', 'hostService'],
  ['169.254.169.254', 'linkLocal'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.192', 'reserved'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::127.0.0.1', 'ipv4Mapped'],
  ['::ffff:127.0.0.1', 'ipv4Mapped'],
  ['::ffff:8.8.8.8', 'ipv4Mapped'],
  ['::ffff:0:127.0.0.1', 'rfc6145'],
  ['64:ff9b::7f00:1', 'rfc6052'],
  ['64:ff9b:1::a00:1', 'rfc6052'],
  ['2002:7f00:1::', '6to4'],
  ['2001:0:7f00:1::', 'teredo'],
  ['2001:db8::1', 'reserved'],
  ['fe80::1', 'linkLocal'],
  ['fd00:ec2::254', 'uniqueLocal'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'reserved'],
  ['localhost', 'not an address'],
  ['2130706433', 'not an address'],
  ['0177.0.0.1', 'not an address'],
] as const

it.each(refused)('refuses %s as %s', (address, reason) => {
  expect(addressProblem(address)).toBe(reason)
})

it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'])(
  'accepts %s',
  (address) => {
    expect(addressProblem(address)).toBeUndefined()
  },
)

/** By plain arithmetic, as the registry of the IANA lists them. */
const isSpecialV4 = (n: number): boolean => {
  const within = (base: string, bits: number): boolean => {
    const [a = 0, b = 0, c = 0, d = 0] = base.split('.').map(Number)
    const size = 2 ** (32 - bits)
    return Math.floor(n / size) === Math.floor((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / size)
  }
  return (
    within('0.0.0.0', 8) ||
    within('10.0.0.0', 8) ||
    within('100.64.0.0', 10) ||
    within('127.0.0.0', 8) ||
    within('169.254.0.0', 16) ||
    within('172.16.0.0', 12) ||
    within('192.0.0.0', 24) ||
    within('192.0.2.0', 24) ||
    within('192.168.0.0', 16) ||
    within('198.18.0.0', 15) ||
    within('198.51.100.0', 24) ||
    within('203.0.113.0', 24) ||
    within('224.0.0.0', 3)
  )
}

it('refuses every special IPv4 address, and every way to write it into IPv6', () => {
  const special = ['10.0.0.0', '100.64.0.0', '127.0.0.0', '169.254.0.0', '172.16.0.0', '192.168.0.0'].map((text) =>
    text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0),
  )
  const number = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.tuple(fc.constantFrom(...special), fc.integer({ min: 0, max: 70_000 })).map(([base, add]) => base + add),
  )
  fc.assert(
    fc.property(number, (n) => {
      const octets = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')
      if (isSpecialV4(n)) expect(addressProblem(octets)).toBeDefined()
      for (const prefix of ['::ffff:', '::', '64:ff9b::', '::ffff:0:']) expect(addressProblem(`${prefix}${octets}`)).toBeDefined()
    }),
  )
})

it('allows what the operator lists: addresses, networks, names and suffixes', () => {
  const policy = createAddressPolicy(['10.1.0.0/16', '192.168.7.7', 'Guard.internal', '*.svc.local', 'fd00::/8'])
  expect(policy.problem('x.example', '10.1.2.3')).toBeUndefined()
  expect(policy.problem('x.example', '10.2.0.1')).toBe('private')
  expect(policy.problem('x.example', '192.168.7.7')).toBeUndefined()
  expect(policy.problem('x.example', '192.168.7.8')).toBe('private')
  expect(policy.problem('guard.INTERNAL', '127.0.0.1')).toBeUndefined()
  expect(policy.problem('a.svc.local', '127.0.0.1')).toBeUndefined()
  expect(policy.problem('evilsvc.local', '127.0.0.1')).toBe('loopback')
  expect(policy.problem('x.example', 'fd12::1')).toBeUndefined()
  expect(policy.problem('x.example', '::ffff:10.1.2.3')).toBe('ipv4Mapped')
})
