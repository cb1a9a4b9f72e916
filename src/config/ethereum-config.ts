/** How a claim's leaf is made. */
export type LeafSchemeName = 'gitcoin-v1' | 'uniswap-v1' | 'oz-standard'

/** A kind of Ethereum transaction. */
export type TransactionTypeName = 'legacy' | 'eip1559'

/** Whose signatures on typed data of EIP-712 these are. Addresses are `0x` and 40 hex digits, checksum not yet checked. */
export type EthDomainConfig = {
  readonly name: string
  readonly version: string
  readonly chainId: number
  readonly verifyingContract: string
}

/** The Ethereum key, and where it is. */
export type EthKeyConfig = {
  readonly device: string
  readonly address: string
  /** 33, 64 or 65 bytes in hex with `0x`; `undefined`: known from the first contact with the device on. */
  readonly publicKey: string | undefined
  /** On a token: the label or the id (hex digits in lower case) of the private key. A board has it in place 2. */
  readonly label: string | undefined
  readonly id: string | undefined
}

/** Signed claims of a token distribution. */
export type EthClaimsConfig = {
  readonly domain: EthDomainConfig
  /** Absolute. */
  readonly distributionFile: string
  /** 32 bytes in hex with `0x`. */
  readonly merkleRoot: string
  readonly leaf: LeafSchemeName
  /** What becomes of a claim of a user who has one for something else. */
  readonly reissue: 'deny' | 'allow'
  readonly auth: {
    readonly scheme: 'hmac-v0-rawbody' | 'hmac-v1'
    /** In lower case. */
    readonly header: string
    /** Absolute. What stands in it is a secret. */
    readonly keyFile: string
    /** How far a request's time may be from this host's. */
    readonly maxSkewMs: number
  }
  readonly oldRoutes: boolean
}

/** An address that may be paid, and the gas that a transfer to it may have. */
export type EthDestinationConfig = { readonly address: string; readonly gasLimit: bigint }

/** Transfers of ether. Amounts are wei. */
export type EthTransfersConfig = {
  readonly destinations: readonly EthDestinationConfig[]
  readonly maxWei: bigint
  readonly maxFeeWei: bigint
  /** Value and fee together, in any so many hours. At least one. */
  readonly windows: readonly { readonly hours: number; readonly maxWei: bigint }[]
  readonly clients: readonly string[] | undefined
  /** What the old service's route pays for a unit of gas; `undefined`: the old routes are not there. */
  readonly oldGasPriceWei: bigint | undefined
}

/** Typed data that is signed beside claims. */
export type EthTypedDataConfig = {
  /** As EIP-712 names its members. */
  readonly domain: Readonly<Record<string, unknown>>
  readonly primaryType: string
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
}

/** The Ethereum jobs of the bridge. */
export type EthereumConfig = {
  readonly key: EthKeyConfig
  readonly chains: readonly { readonly id: number; readonly types: readonly TransactionTypeName[] }[]
  /** Whether a board with stock firmware is asked for transfers whose digest begins with 0x03. */
  readonly stockGrind: boolean
  readonly claims: EthClaimsConfig | undefined
  readonly transfers: EthTransfersConfig | undefined
  readonly typedData: readonly EthTypedDataConfig[]
  /** With what the text of a message must begin. */
  readonly messagePrefixes: readonly string[]
  readonly rpc: { readonly clients: readonly string[] | undefined } | undefined
}

/** What an account may be asked to sign. */
export type AccountSignKind = 'message' | 'typed_data' | 'transaction'

/** The token that makes and keeps a key for each account. */
export type AccountsTokenConfig = {
  readonly module: string
  readonly token: { readonly by: 'label' | 'serial'; readonly value: string }
  /** Absolute; `undefined`: the PIN is asked for on the terminal. What stands in it is a secret. */
  readonly pinFile: string | undefined
  readonly timeoutMs: number
}

/** Accounts that the bridge makes and keeps for others. Amounts are wei. */
export type AccountsConfig = {
  /** Where an account is kept whose request does not say. */
  readonly custody: 'hsm' | 'vault'
  readonly hsm: AccountsTokenConfig | undefined
  /** The boards whose signature opens the vault: one of them, with the passphrase. At least one. */
  readonly vault: { readonly devices: readonly string[] } | undefined
  readonly sign: readonly AccountSignKind[]
  readonly chains: readonly number[]
  readonly maxWei: bigint | undefined
  readonly maxFeeWei: bigint | undefined
  /** Whether `GET /v1/accounts?address=` answers as the store of accounts before did. */
  readonly oldRoutes: boolean
}
