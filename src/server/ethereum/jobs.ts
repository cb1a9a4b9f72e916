import type { EthAddress, TypedData, UnsignedTransaction } from '../../ethereum/index.js'

/** Why a job was not done: a code word, the rule that refused where one did, and a sentence with the remedy. */
export type JobRefusal = {
  readonly code: string
  readonly rule?: string | undefined
  readonly message: string
}

/** What came of a job. */
export type JobResult<Value> =
  | { readonly outcome: 'done'; readonly value: Value }
  | { readonly outcome: 'refused'; readonly refusal: JobRefusal }

/** Who asks for a job, under which name in the log, and for how long they are there. */
export type JobAsker = {
  readonly requestId: string
  /** Names of clients that the connection or a token proves; none for whoever just asks. */
  readonly clients: readonly string[]
  readonly signal: AbortSignal
}

/** What proves that a request for a claim comes from who may ask. Header values are as sent. */
export type ClaimEvidence = {
  /** The body as it came; of a request without one, the path. */
  readonly signed: Uint8Array
  readonly header: (name: string) => string | undefined
}

/** A claim with its signature. Bytes are hex with `0x`. */
export type SignedClaim = {
  readonly userId: bigint
  readonly userAddress: EthAddress
  /** Wei. */
  readonly userAmount: bigint
  readonly delegateAddress: EthAddress
  readonly leaf: string
  readonly proof: readonly string[]
  readonly digest: string
  /** R, S and 27 or 28. */
  readonly signature: string
}

/** Claims of a distribution. */
export type ClaimJobs = {
  readonly authenticate: (evidence: ClaimEvidence, requestId: string) => JobRefusal | undefined
  /** `form` says how numbers may be written. */
  readonly claim: (
    body: Uint8Array,
    form: 'exact' | 'old',
    asker: JobAsker,
  ) => Promise<JobResult<{ readonly claim: SignedClaim; readonly asked: OldClaimTexts }>>
  readonly claimOf: (userId: string) => JobResult<SignedClaim>
}

/** Addresses as a client wrote them: the old service sends them back so. */
export type OldClaimTexts = { readonly userAddress: string; readonly delegateAddress: string }

/** A transaction that can be sent. Bytes are hex with `0x`. */
export type SignedTransfer = {
  readonly raw: string
  readonly hash: string
  readonly from: EthAddress
  /** What was signed: the gas limit may be another one than was asked for. */
  readonly transaction: UnsignedTransaction
}

/** Transfers of ether. */
export type TransferJobs = {
  readonly transfer: (
    body: Uint8Array,
    idempotencyKey: string | undefined,
    asker: JobAsker,
  ) => Promise<JobResult<SignedTransfer>>
  /** In the old service's form: `destination`, `wei`, `nonce`. */
  readonly oldTransfer: (body: Uint8Array, asker: JobAsker) => Promise<JobResult<SignedTransfer>>
}

/** What JSON-RPC asks for beside transfers. Signatures are hex of R, S and 27 or 28. */
export type RpcJobs = {
  readonly accounts: () => readonly EthAddress[]
  /** The chain of transactions that name none; `undefined` where there are several. */
  readonly onlyChain: bigint | undefined
  readonly signTransaction: (
    from: string | undefined,
    transaction: UnsignedTransaction,
    asker: JobAsker,
  ) => Promise<JobResult<SignedTransfer>>
  readonly signTypedData: (from: string, data: TypedData, asker: JobAsker) => Promise<JobResult<string>>
  readonly signMessage: (from: string, message: Uint8Array, asker: JobAsker) => Promise<JobResult<string>>
}

/** What is shown of an account; hex with `0x`. */
export type AccountShown = {
  readonly address: string
  readonly publicKey: string
  /** Whether the key never leaves a token, or is on this host's disk, encrypted. */
  readonly custody: 'hsm' | 'vault'
  readonly createdAt: string
}

/** Managed accounts; a `Caller` is whom an API key proved. */
export type AccountJobs<Caller> = {
  readonly oldRoutes: boolean
  readonly authenticate: (
    apiKey: string | undefined,
  ) => { readonly caller: Caller } | { readonly refusal: JobRefusal }
  readonly create: (
    caller: Caller,
    wanted: {
      readonly custody: AccountShown['custody'] | undefined
      readonly idempotencyKey: string | undefined
    },
    requestId: string,
  ) => Promise<JobResult<{ readonly account: AccountShown; readonly isNew: boolean }>>
  readonly get: (caller: Caller, address: string, requestId: string) => Promise<JobResult<AccountShown>>
  /** Resolves with the body of the answer. */
  readonly sign: (
    caller: Caller,
    address: string,
    request: unknown,
    requestId: string,
  ) => Promise<JobResult<object>>
}

/** Who may ask for a job. */
export type Admission = {
  /** Names of clients; `undefined`: whoever reaches the listener. */
  readonly clients: readonly string[] | undefined
  /** Hears of a request that was refused before it was asked for anything. */
  readonly tellRefused: (refusal: JobRefusal, requestId: string) => void
}

/** The Ethereum jobs that are configured. */
export type EthereumJobs = {
  /** Whether a signature could be asked for now; the reason where not. */
  readonly trouble: () => JobRefusal | undefined
  readonly claims: (ClaimJobs & { readonly oldRoutes: boolean }) | undefined
  readonly transfers: (TransferJobs & Admission & { readonly oldRoutes: boolean }) | undefined
  readonly rpc: (RpcJobs & Admission) | undefined
}
