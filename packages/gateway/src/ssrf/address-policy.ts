/** Decides whether an address may be called: public ones, and those that the operator allows. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = readonly [Address, number]

/** Everything that the IANA has given out as global unicast (https://www.iana.org/assignments/ipv6-unicast-address-assignments). */
const globalUnicastV6 = ipaddr.IPv6.parseCIDR('2000::/3')
/** Public by its number, but the host itself answers: Azure's WireServer, which hands out certificates and goal states. */
const hostServices = [ipaddr.IPv4.parseCIDR('168.63.129.16/32')]

const inNetwork = (address: Address, [network, bits]: Network): boolean => address.kind() === network.kind() && address.match(network, bits)

/**
 * Why an address is not public: `loopback`, `private`, `linkLocal` (metadata services live there), `carrierGradeNat`, … Undefined when it is.
 * IPv6 addresses that carry an IPv4 address (mapped, NAT64, 6to4, Teredo) count as not public whatever they carry.
 */
export function addressProblem(text: string): string | undefined {
  if (isIP(text) === 0) return 'not an address'
  const address = ipaddr.parse(text)
  const range = address.range()
  if (range !== 'unicast') return range
  if (address.kind() === 'ipv6') return inNetwork(address, globalUnicastV6) ? undefined : 'reserved'
  return hostServices.some((network) => inNetwork(address, network)) ? 'hostService' : undefined
}

/** What may be called beside public addresses. */
export interface AddressPolicy {
  /** Undefined when `address`, which `hostname` led to, may be called; else why not. */
  problem(hostname: string, address: string): string | undefined
}

function parseNetwork(entry: string): Network | undefined {
  if (isIP(entry) !== 0) {
    const address = ipaddr.parse(entry)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  }
  return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : undefined
}

/** `allow` holds addresses, CIDR networks, host names and `*.suffixes`; an allowed name may lead anywhere. */
export function createAddressPolicy(allow: readonly string[]): AddressPolicy {
  const networks: Network[] = []
  const names = new Set<string>()
  const suffixes: string[] = []
  for (const entry of allow) {
    const network = parseNetwork(entry)
    if (network !== undefined) networks.push(network)
    else if (entry.startsWith('*.')) suffixes.push(entry.slice(1).toLowerCase())
    else names.add(entry.toLowerCase())
  }
  const isAllowedName = (hostname: string): boolean => names.has(hostname) || suffixes.some((suffix) => hostname.endsWith(suffix))
  return {
    problem: (hostname, address) => {
      const problem = addressProblem(address)
      if (problem === undefined || isAllowedName(hostname.toLowerCase())) return undefined
      if (isIP(address) !== 0 && networks.some((network) => inNetwork(ipaddr.parse(address), network))) return undefined
      return problem
    },
  }
}
