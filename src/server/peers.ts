import { BlockList, isIP, isIPv4 } from 'node:net'

/** An address range in canonical form. */
export type PeerRange = {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefixLength: number
}

/** A set of addresses. */
export type PeerSet = { readonly has: (address: string) => boolean }

/** The set that some ranges make up; with `any` every address is in it. Text that is no address is in no set. */
export function peerSet(ranges: readonly PeerRange[] | 'any'): PeerSet {
  if (ranges === 'any') return { has: (address) => isIP(address) !== 0 }
  const list = new BlockList()
  for (const { family, address, prefixLength } of ranges) list.addSubnet(address, prefixLength, family)
  return {
    has: (address) => {
      const plain = unmapped(address)
      return isIP(plain) !== 0 && list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
    },
  }
}

/** An IPv4 address that a dual-stack socket reports as IPv6 (`::ffff:10.0.0.1`) in its own form; others unchanged. */
export function unmapped(address: string): string {
  const plain = /^::ffff:(.+)$/i.exec(address)?.[1]
  return plain !== undefined && isIPv4(plain) ? plain : address
}

/**
 * Who asks: the peer, or the client it forwards for when it is a trusted proxy. The nearest address in
 * `X-Forwarded-For` that is no trusted proxy counts; what stands further left anybody could have written.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  trustedProxies: PeerSet,
): string {
  if (!trustedProxies.has(peer) || forwardedFor === undefined) return unmapped(peer)
  const hops = forwardedFor.split(',').map((hop) => unmapped(hop.trim()))
  return hops.findLast((hop) => !trustedProxies.has(hop)) ?? unmapped(peer)
}
