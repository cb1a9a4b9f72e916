import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import type { AddressRange, ListenAddress } from './config.js'
import { refused, show, type Refused } from './findings.js'

/** The peers of the same host: 127.0.0.0/8 and ::1. */
export const LOOPBACK: readonly AddressRange[] = [
  { family: 'ipv4', address: '127.0.0.0', prefixLength: 8 },
  { family: 'ipv6', address: '::1', prefixLength: 128 },
]

const MAPPED_PREFIX_BITS = 96
const MAPPED_PREFIX = 0xffffn

/** An address or CIDR range in canonical form; IPv4-mapped IPv6 becomes IPv4, and host bits are refused. */
export function readAddressRange(value: unknown): AddressRange | Refused {
  const remedy = 'write an address like 10.0.0.1 or a network like 10.0.0.0/24'
  if (typeof value !== 'string') return refused(`${show(value)} is not an IP address; ${remedy}`)
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(value) ?? []
  if (!isPlainIP(address)) return refused(`${show(value)} is not an IP address or CIDR range; ${remedy}`)
  const width = isIPv4(address) ? 32 : 128
  const prefixLength = length === undefined ? width : Number(length)
  if (prefixLength > width) {
    return refused(`the prefix length of ${show(value)} is over ${width}, the bits of its address; ${remedy}`)
  }
  const bits = toBits(address)
  const hostBits = BigInt(width - prefixLength)
  const network = (bits >> hostBits) << hostBits
  if (network !== bits) {
    const right = canonicalRange(network, width, prefixLength)
    const text = `${right.address}/${right.prefixLength}`
    return refused(
      `${show(value)} has host bits set; write ${text} for the network, or ${address} for the one host`,
    )
  }
  return canonicalRange(bits, width, prefixLength)
}

/** `host:port` or `[v6]:port`; the host is an IP address or `localhost`, the port 0 (chosen by the system) to 65535. */
export function readListenAddress(value: unknown): ListenAddress | Refused {
  const remedy = 'write "127.0.0.1:6732" or "[::1]:6732", in quotes'
  if (typeof value !== 'string') return refused(`${show(value)} is not HOST:PORT; ${remedy}`)
  const [, bracketed, plain = '', port] = /^(?:\[([^[\]]*)\]|([^:]*)):(\d{1,9})$/.exec(value) ?? []
  if (port === undefined) return refused(`${show(value)} is not HOST:PORT; ${remedy}`)
  if (Number(port) > 65_535) {
    return refused(`port ${port} of ${show(value)} is out of range 0 to 65535; choose another port`)
  }
  const host = bracketed ?? plain
  const fits =
    bracketed === undefined ? isIPv4(host) || host === 'localhost' : isIPv6(host) && isPlainIP(host)
  if (!fits) return refused(`the host of ${show(value)} is neither an IP address nor "localhost"; ${remedy}`)
  return { host: host === 'localhost' ? host : canonicalAddress(host), port: Number(port) }
}

/** Whether a listener on `host` is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const list = new BlockList()
  for (const { family, address, prefixLength } of LOOPBACK) list.addSubnet(address, prefixLength, family)
  return list.check(host, isIPv4(host) ? 'ipv4' : 'ipv6')
}

/** Whether two listeners cannot both be opened; port 0 never collides. */
export function collide(left: ListenAddress, right: ListenAddress): boolean {
  const hosts = [left.host, right.host]
  return (
    left.port !== 0 && left.port === right.port && (left.host === right.host || hosts.some(isUnspecified))
  )
}

/** `127.0.0.1:6732` or `[::1]:6732`. */
export function listenText({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** An IP address in the one form that sockets report; IPv4-mapped IPv6 becomes IPv4. */
function canonicalAddress(address: string): string {
  const width = isIPv4(address) ? 32 : 128
  return canonicalRange(toBits(address), width, width).address
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** Zones (`fe80::1%eth0`) are addresses to node:net, but mean something on one machine only. */
function isPlainIP(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

function canonicalRange(bits: bigint, width: 32 | 128, prefixLength: number): AddressRange {
  if (width === 32) return { family: 'ipv4', address: ipv4Text(bits), prefixLength }
  if (bits >> 32n === MAPPED_PREFIX && prefixLength >= MAPPED_PREFIX_BITS) {
    const address = ipv4Text(bits & 0xffff_ffffn)
    return { family: 'ipv4', address, prefixLength: prefixLength - MAPPED_PREFIX_BITS }
  }
  return { family: 'ipv6', address: ipv6Text(bits), prefixLength }
}

/** The address as one number; the URL parser knows all the ways to write IPv6. */
function toBits(address: string): bigint {
  if (isIPv4(address)) return joinGroups(address.split('.').map(Number), 8n)
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const front = groups(head)
  const back = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0)
  return joinGroups([...front, ...zeros, ...back], 16n)
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function joinGroups(parts: readonly number[], size: bigint): bigint {
  return parts.reduce((bits, part) => (bits << size) | BigInt(part), 0n)
}

function ipv4Text(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.')
}

function ipv6Text(bits: bigint): string {
  const hex = bits.toString(16).padStart(32, '0')
  const full = (hex.match(/.{4}/g) ?? []).join(':')
  return new URL(`http://[${full}]/`).hostname.slice(1, -1)
}
