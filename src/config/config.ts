import type {
  AuthenticationPublicKey,
  ChainId,
  Curve,
  MarkKind,
  PublicKey,
  PublicKeyHash,
} from '../tezos/index.js'
import type { AccountsConfig, EthereumConfig } from './ethereum-config.js'

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

/** A day of the week. */
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** When a key may sign: minutes of the day, `to` exclusive, the days on which it begins, an IANA time zone. */
export type HoursConfig = {
  readonly from: number
  readonly to: number
  readonly days: readonly Weekday[]
  readonly zone: string
}

/** How much a key may let go in any so many hours. */
export type SpendWindowConfig = {
  readonly hours: number
  readonly maxMutez: number
  readonly maxFeeMutez: number | undefined
}

/** What bounds a key's operations; `undefined`: no such rule. */
export type TransactionsConfig = {
  readonly destinations: readonly string[] | undefined
  readonly maxMutez: number | undefined
  readonly maxFeeMutez: number | undefined
  readonly entrypoints: readonly string[] | undefined
  readonly spendWindows: readonly SpendWindowConfig[]
}

/** An operator's own service that is asked whether a key may sign. */
export type HookConfig = {
  /** An http or https URL without user, query and fragment. */
  readonly url: string
  /** How long the whole exchange may take. */
  readonly timeoutMs: number
  /** What becomes of a request that it gave no answer to. */
  readonly onError: 'allow' | 'refuse'
  /** The key that signs its answers. */
  readonly publicKey: PublicKey | undefined
  /** The kinds of payloads that it is asked about. */
  readonly kinds: readonly string[]
}

/** A Tezio HSM on a serial port. */
export type TezioDeviceConfig = {
  readonly kind: 'tezio'
  readonly name: string
  /** `auto`, or a device path. */
  readonly port: string
  readonly serialNumber: string | undefined
  /** How long one SIGN may take. */
  readonly timeoutMs: number
}

/** How a key is found on a token: by its label, its id (hex digits in lower case), or both. */
export type TokenKeyConfig = {
  readonly publicKeyHash: PublicKeyHash
  readonly label: string | undefined
  readonly id: string | undefined
}

/** A token that a PKCS#11 module reaches. */
export type Pkcs11DeviceConfig = {
  readonly kind: 'pkcs11'
  readonly name: string
  /** The module's shared library, absolute. */
  readonly module: string
  readonly token: { readonly by: 'label' | 'serial'; readonly value: string }
  /** Absolute; `undefined`: the PIN is asked for on the terminal. What stands in it is a secret. */
  readonly pinFile: string | undefined
  readonly timeoutMs: number
  readonly keys: readonly TokenKeyConfig[]
}

/** Something that signs. */
export type DeviceConfig = TezioDeviceConfig | Pkcs11DeviceConfig

/** A PostgreSQL that keeps the marks of several hosts. */
export type PostgresqlMarksConfig = {
  readonly kind: 'postgresql'
  /** Without a password. The first that takes writes is used. */
  readonly urls: readonly string[]
  /** Absolute; `undefined`: libpq's own, PGPASSFILE or ~/.pgpass. */
  readonly passFile: string | undefined
  readonly timeoutMs: number
}

/** A DynamoDB table that keeps the marks of several hosts. */
export type DynamoDbMarksConfig = {
  readonly kind: 'dynamodb'
  readonly table: string
  readonly region: string
  readonly endpoint: string | undefined
  readonly timeoutMs: number
}

/** Where marks are that several hosts share. */
export type SharedMarksConfig = PostgresqlMarksConfig | DynamoDbMarksConfig

/** A key the bridge signs with, and its rules. */
export type KeyConfig = {
  readonly publicKeyHash: PublicKeyHash
  readonly curve: Curve
  /** The devices that hold it, the preferred one first. At least one. */
  readonly devices: readonly string[]
  /** The key's place on a board: 1 Ed25519, 2 secp256k1, 3 P-256. */
  readonly curveAlias: 1 | 2 | 3
  /** Known ahead of the first contact with the device, when configured. */
  readonly publicKey: PublicKey | undefined
  /** First bytes of payloads that may be signed; `any` where the policy check is off. */
  readonly allowedMagicBytes: readonly number[] | 'any'
  /** Kinds by name that may be signed; every content of an operation must be listed. `undefined`: no such rule. */
  readonly allow: readonly string[] | undefined
  readonly chains: readonly ChainId[]
  /** Asked before it signs, where there is one. */
  readonly hook: HookConfig | undefined
  /** Whether requests must prove who sent them. */
  readonly requiresAuthentication: boolean
  /** Who may ask: names of clients and addresses of authorized keys. `undefined`: whoever is authenticated. */
  readonly clients: readonly string[] | undefined
  readonly transactions: TransactionsConfig | undefined
  readonly hours: HoursConfig | undefined
  /** The most signatures that the device is asked for in any 60 s. */
  readonly perMinute: number | undefined
}

/** The boards' key whose signature authenticates requests. */
export type AuthenticationKey = {
  readonly publicKeyHash: PublicKeyHash
  /** The boards that hold it; none where only its public key is known. */
  readonly devices: readonly string[]
  readonly publicKey: PublicKey | undefined
  /** Who checks its signatures. */
  readonly verify: 'host' | 'device'
}

/** By what a client's certificate is known. A fingerprint is SHA-256, 64 hex digits in lower case. */
export type CertificateName = { readonly kind: 'fingerprint' | 'common-name'; readonly value: string }

/** Somebody who may ask, and what proves who it is: any of the three. */
export type ClientConfig = {
  readonly name: string
  readonly publicKey: AuthenticationPublicKey | undefined
  readonly certificate: CertificateName | undefined
  /** Absolute. What stands in it is a secret, and no part of a configuration. */
  readonly tokenFile: string | undefined
}

/** Files of the signer's TLS, absolute, in PEM form. */
export type TlsConfig = {
  readonly certFile: string
  readonly keyFile: string
  /** Clients must show a certificate that one of these signed; `undefined`: none is asked for. */
  readonly clientCaFile: string | undefined
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
  /** At least one, in the file's order. */
  readonly devices: readonly DeviceConfig[]
  /** How long a device must have been without a fault before it is preferred again. */
  readonly returnAfterMs: number
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
    /** Decided by `tls`; a listener cannot change it while it listens. */
    readonly transport: 'plain' | 'tls' | 'mutual-tls'
    readonly tls: TlsConfig | undefined
    /** The header that carries a client's token, in lower case. */
    readonly tokenHeader: string
  }
  readonly admin: { readonly listen: ListenAddress }
  /** Peers that may ask; `any` where the peer check is off. */
  readonly allowedPeers: readonly AddressRange[] | 'any'
  readonly chains: readonly ChainId[]
  readonly marks: {
    readonly maxLevelGap: number | 'off'
    /** `undefined`: they are this host's own. */
    readonly shared: SharedMarksConfig | undefined
  }
  /** The node whose head blocks and votes are compared with; `undefined`: none is asked. */
  readonly headCheck: HeadCheckConfig | undefined
  readonly stateDir: string
  /** Jobs with a key of Ethereum; `undefined`: none of it is loaded. */
  readonly ethereum: EthereumConfig | undefined
  /** Accounts made and kept for others; `undefined`: none of it is loaded. */
  readonly accounts: AccountsConfig | undefined
  readonly keys: readonly KeyConfig[]
  readonly authenticationKey: AuthenticationKey | undefined
  /** Further keys whose signatures authenticate requests; the host verifies them. */
  readonly authorizedKeys: readonly AuthenticationPublicKey[]
  readonly clients: readonly ClientConfig[]
  /** What `init` seeds, by kind; `undefined` where the file has no `high_water_marks`. */
  readonly seeds: Readonly<Record<MarkKind, { readonly level: number; readonly round: number }>> | undefined
  /** The least that is logged: `verbose` means debug. */
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** What is accepted but deserves a word at start: one sentence each. */
  readonly warnings: readonly string[]
}
