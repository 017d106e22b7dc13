/** A set of addresses and networks of both families. */
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The one way to write an address: IPv4 inside IPv6 (as sockets of both families report it) becomes IPv4; zones, brackets and ports go.
 * Undefined for what is no address.
 */
export function normalAddress(text: string): string | undefined {
  const bare = withoutPort(text)
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare).toString()
}

/** What rates are counted for: an IPv4 address, or the /64 network of an IPv6 one, because whoever has one of its addresses has them all. */
export function rateNetwork(address: string): string {
  const parsed = ipaddr.parse(address)
  if (!(parsed instanceof ipaddr.IPv6)) return address
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
const withoutPort = (text: string): string => /^(\[.*\]|[^:]*):\d{1,5}$/.exec(text)?.[1] ?? text

export interface AddressSet {
  /** `address` as `normalAddress` writes it. */
  has(address: string): boolean
}

/** A network in the family that its addresses have after `normalAddress`. */
function parseNetwork(entry: string): readonly [family: 'ipv4' | 'ipv6', base: string, bits: number] {
  const [base, bits] = ipaddr.parseCIDR(entry)
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96) return ['ipv4', base.toIPv4Address().toString(), bits - 96]
  return [base.kind(), base.toString(), bits]
}

/** Single addresses cost one look-up however many there are; networks are compared one by one. */
export function createAddressSet(entries: readonly string[]): AddressSet {
  const single = new Set<string>()
  // One list a family: Node's takes IPv4 addresses for part of `::/0`.
  const networks = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const entry of entries) {
    const address = normalAddress(entry)
    if (address !== undefined) {
      single.add(address)
      continue
    }
    const [family, base, bits] = parseNetwork(entry)
    networks[family].addSubnet(base, bits, family)
  }
  return {
    has: (address) => {
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      return single.has(address) || networks[family].check(address, family)
    },
  }
}
