import { refused, show, type Refused } from './findings.js'

const MAX_WEI = 2n ** 256n - 1n

/** One of some words. */
export function oneOf<Word extends string>(
  ...words: readonly [Word, ...Word[]]
): (value: unknown) => Word | Refused {
  return (value) =>
    words.find((word) => word === value) ??
    refused(`${show(value)} is none of ${words.join(', ')}; write one of them`)
}

/** An Ethereum address; its checksum is checked where Ethereum is loaded. */
export function readEthAddress(value: unknown): string | Refused {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)) return value
  return refused(`${show(value)} is no Ethereum address; write 0x and 40 hex digits, in quotes`)
}

/** A secp256k1 key, compressed or not. */
export function readEthPublicKey(value: unknown): string | Refused {
  if (typeof value === 'string' && /^0x(?:[0-9a-fA-F]{66}|[0-9a-fA-F]{128}|[0-9a-fA-F]{130})$/.test(value))
    return value
  return refused(
    `${show(value)} is no public key; write 0x and the hex digits of 33, 64 or 65 bytes, in quotes`,
  )
}

/** 32 bytes. */
export function readHash(value: unknown): string | Refused {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase()
  return refused(`${show(value)} is no hash; write 0x and 64 hex digits, in quotes`)
}

/** An amount in wei. YAML's numbers lose digits, so it is a text. */
export function readWei(value: unknown): bigint | Refused {
  const fits = typeof value === 'string' && /^(?:0|[1-9]\d{0,77})$/.test(value) && BigInt(value) <= MAX_WEI
  if (fits) return BigInt(value)
  return refused(
    `${show(value)} is no amount in wei; write decimal digits in quotes, like "1000000000000000000"`,
  )
}

/** What a message has to begin with: printable ASCII, so that nobody misreads it. */
export function readPrefix(value: unknown): string | Refused {
  if (typeof value === 'string' && /^[\x20-\x7e]{4,100}$/.test(value)) return value
  return refused(`${show(value)} is no beginning of a message; write 4 to 100 printable ASCII characters`)
}

/** The name of a header, in lower case. */
export function readHeaderName(value: unknown): string | Refused {
  if (typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,60}$/i.test(value)) return value.toLowerCase()
  return refused(`${show(value)} is no header; write a name like X-GITCOIN-SIG`)
}
