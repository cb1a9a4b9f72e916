import type { ChainId, Curve, MarkKind, PublicKey, PublicKeyHash } from '../tezos/index.js'

/** Where a listener listens; port 0 lets the system choose. */
export type ListenAddress = { readonly host: string; readonly port: number }

/** A Unix socket to listen on. */
export type UnixSocketConfig = {
  readonly path: string
  /** Permission bits of its file. */
  readonly mode: number
  /** Name or number of the group that its file is given to; `undefined`: the daemon's own. */
  readonly group: string | number | undefined
}

/** An address range in canonical form: IPv4-mapped addresses are IPv4, a single address has the full prefix length. */
export type AddressRange = {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefixLength: number
}

/** A key the bridge signs with, and its rules. */
export type KeyConfig = {
  readonly publicKeyHash: PublicKeyHash
  readonly curve: Curve
  /** The key's place on the device: 1 Ed25519, 2 secp256k1, 3 P-256. */
  readonly curveAlias: 1 | 2 | 3
  /** Known ahead of the first contact with the device, when configured. */
  readonly publicKey: PublicKey | undefined
  /** First bytes of payloads that may be signed; `any` where the policy check is off. */
  readonly allowedMagicBytes: readonly number[] | 'any'
  /** Kinds by name that may be signed; every content of an operation must be listed. `undefined`: no such rule. */
  readonly allow: readonly string[] | undefined
  readonly chains: readonly ChainId[]
  /** Whether requests must carry a signature by the authentication key. */
  readonly requiresAuthentication: boolean
}

/** The key whose signature authenticates requests. */
export type AuthenticationKey = {
  readonly publicKeyHash: PublicKeyHash
  readonly publicKey: PublicKey | undefined
}

/** Which node tells the chain's head, and how far from it a level may be. */
export type HeadCheckConfig = {
  /** An http or https URL without user, query and slash at its end. */
  readonly rpc: string
  readonly maxAhead: number
  readonly maxBehind: number
  /** What becomes of blocks and votes while the node does not tell. */
  readonly onError: 'allow' | 'refuse'
}

/** Everything that can be configured, checked and frozen; nothing behind it checks again. */
export type Config = {
  /** The file it came from, for messages. */
  readonly file: string
  readonly device: {
    /** `auto`, or a device path. */
    readonly port: string
    readonly serialNumber: string | undefined
    /** How long one SIGN may take. */
    readonly timeoutMs: number
  }
  readonly server: {
    readonly listen: ListenAddress
    /** Octez' socket protocol on a Unix socket and over TCP; `undefined`: not there. */
    readonly unix: UnixSocketConfig | undefined
    readonly tcp: ListenAddress | undefined
    /** What may stand before every path of HTTP, `/like/this`; empty for none. */
    readonly pathPrefix: string
    /** Names that a `Host` header may carry beside the loopback names and the listener's own address. */
    readonly allowedHosts: readonly string[]
    readonly knownKeys: boolean
    /** How long a request may wait for the device's turn. */
    readonly queueTimeoutMs: number
    readonly trustedProxies: readonly AddressRange[]
  }
  readonly admin: { readonly listen: ListenAddress }
  /** Peers that may ask; `any` where the peer check is off. */
  readonly allowedPeers: readonly AddressRange[] | 'any'
  readonly chains: readonly ChainId[]
  readonly marks: { readonly maxLevelGap: number | 'off' }
  /** The node whose head blocks and votes are compared with; `undefined`: none is asked. */
  readonly headCheck: HeadCheckConfig | undefined
  readonly stateDir: string
  readonly keys: readonly KeyConfig[]
  readonly authenticationKey: AuthenticationKey | undefined
  /** What `init` seeds, by kind; `undefined` where the file has no `high_water_marks`. */
  readonly seeds: Readonly<Record<MarkKind, { readonly level: number; readonly round: number }>> | undefined
  /** The least that is logged: `verbose` means debug. */
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** What is accepted but deserves a word at start: one sentence each. */
  readonly warnings: readonly string[]
}
