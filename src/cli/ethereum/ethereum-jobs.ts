import { monotonicClock } from '../../clock.js'
import type { EthereumConfig } from '../../config/index.js'
import { parseEthAddress, type EthAddress } from '../../ethereum/index.js'
import {
  readClaimRequest,
  readOldTransferRequest,
  readTransferRequest,
  readUserId,
  refuse,
  type ClaimRecord,
  type EthAsk,
  type EthJob,
  type EthRefusal,
  type EthResult,
  type EthRules,
  type EthSigner,
  type HmacGate,
  type SignedClaim,
  type SignedDigest,
  type SignedTransaction,
} from '../../eth-signer/index.js'
import type {
  EthereumJobs,
  JobAsker,
  JobRefusal,
  JobResult,
  SignedClaim as ShownClaim,
  SignedTransfer,
} from '../../server/ethereum/index.js'

/** What the routes are answered with. */
export type EthereumJobsOptions = {
  readonly config: EthereumConfig
  readonly rules: EthRules
  readonly signer: EthSigner
  /** Where claims are configured. */
  readonly gate: HmacGate | undefined
  /** Why nothing can be signed now, as far as it is known. */
  readonly trouble: () => JobRefusal | undefined
  /** How long a request may wait for its turn and the device. */
  readonly timeoutMs: number
}

/** The headers of `hmac-v1`. */
const TIMESTAMP_HEADER = 'x-timestamp'
const NONCE_HEADER = 'x-nonce'

/** Introduces the signer of Ethereum to the routes. */
export function ethereumJobs(options: EthereumJobsOptions): EthereumJobs {
  const { config, trouble } = options
  return {
    trouble,
    claims: config.claims && claimJobs(options, config.claims),
    transfers: config.transfers && transferJobs(options, config.transfers),
    rpc: config.rpc && rpcJobs(options, config.rpc),
  }
}

function claimJobs(
  options: EthereumJobsOptions,
  { auth, oldRoutes }: NonNullable<EthereumConfig['claims']>,
): NonNullable<EthereumJobs['claims']> {
  const { signer, gate, rules } = options
  return {
    oldRoutes,
    authenticate: ({ signed, header }) => {
      const evidence = { timestamp: header(TIMESTAMP_HEADER), nonce: header(NONCE_HEADER) }
      return gate?.check({ signature: header(auth.header), ...evidence, content: signed })
    },
    claim: async (body, form, asker) => {
      const read = readClaimRequest(body, form === 'old' ? 'old' : 'new')
      if (read.outcome === 'refused') return told(signer, 'claim', read, asker)
      const result = await signer.claim(read.request, ask(options, asker))
      return done(result, (claim) => ({ claim: shownClaim(claim), asked: textsOf(body) }))
    },
    claimOf: (text) => {
      const userId = readUserId(text)
      const record = userId === undefined ? undefined : signer.claimOf(userId)
      const share = record && rules.claims?.distribution.get(record.userId)
      if (record?.signature === undefined || share === undefined) {
        const message = `user ${text.slice(0, 20)} has no signed claim`
        return { outcome: 'refused', refusal: { code: 'unknown-claim', message } }
      }
      return { outcome: 'done', value: shownRecord(record, record.signature, share) }
    },
  }
}

/** The addresses as they stand in a body that was read before. */
function textsOf(body: Uint8Array) {
  const value = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, string>
  return { userAddress: value['user_address'] ?? '', delegateAddress: value['delegate_address'] ?? '' }
}

function transferJobs(
  options: EthereumJobsOptions,
  { clients, oldGasPriceWei: gasPrice = 0n }: NonNullable<EthereumConfig['transfers']>,
): NonNullable<EthereumJobs['transfers']> {
  const { signer, config } = options
  const chainId = BigInt(config.chains[0]?.id ?? 0)
  return {
    clients,
    oldRoutes: config.transfers?.oldGasPriceWei !== undefined,
    transfer: async (body, idempotencyKey, asker) => {
      const read = readTransferRequest(body)
      if (read.outcome === 'refused') return told(signer, 'transfer', read, asker)
      return transferred(
        signer,
        await signer.transfer(read.request, { ...ask(options, asker), idempotencyKey }),
      )
    },
    oldTransfer: async (body, asker) => {
      const read = readOldTransferRequest(body, { chainId, gasPrice })
      if (read.outcome === 'refused') return told(signer, 'transfer', read, asker)
      return transferred(signer, await signer.transfer(read.request, ask(options, asker)))
    },
  }
}

function rpcJobs(
  options: EthereumJobsOptions,
  { clients }: NonNullable<EthereumConfig['rpc']>,
): NonNullable<EthereumJobs['rpc']> {
  const { signer, config } = options
  const [only, ...others] = config.chains
  return {
    clients,
    onlyChain: only === undefined || others.length > 0 ? undefined : BigInt(only.id),
    accounts: () => [signer.address],
    signTransaction: async (from, transaction, asker) => {
      const stranger = from === undefined ? undefined : notOurs(from, signer.address)
      if (stranger !== undefined) return told(signer, 'transfer', stranger, asker)
      return transferred(signer, await signer.signTransaction(transaction, ask(options, asker)))
    },
    signTypedData: async (from, data, asker) => {
      const stranger = notOurs(from, signer.address)
      if (stranger !== undefined) return told(signer, 'typed-data', stranger, asker)
      // there is no HMAC here: only whom rpc.clients names, and who has proven it, may have claims signed
      const mayClaim = clients !== undefined && asker.clients.some((name) => clients.includes(name))
      return done(await signer.signTypedData(data, { ...ask(options, asker), mayClaim }), signatureOf)
    },
    signMessage: async (from, message, asker) => {
      const stranger = notOurs(from, signer.address)
      if (stranger !== undefined) return told(signer, 'message', stranger, asker)
      return done(await signer.signMessage(message, ask(options, asker)), signatureOf)
    },
  }
}

function ask({ timeoutMs }: EthereumJobsOptions, { requestId, signal }: JobAsker): EthAsk {
  return { requestId, signal, deadlineAt: monotonicClock.now() + timeoutMs }
}

function notOurs(from: string, own: EthAddress): EthRefusal | undefined {
  if (parseEthAddress(from) === own) return undefined
  const text = `${from.slice(0, 50)} is not the key of this bridge, which is ${own}; ask eth_accounts`
  return refuse('malformed-request', text, 'E2')
}

function told(
  signer: EthSigner,
  job: EthJob,
  refusal: EthRefusal,
  { requestId }: JobAsker,
): JobResult<never> {
  signer.tellRefused(job, refusal, requestId)
  return { outcome: 'refused', refusal }
}

function done<Signed extends SignedDigest, Value>(
  result: EthResult<Signed>,
  show: (signed: Signed) => Value,
): JobResult<Value> {
  if (result.outcome === 'refused') return { outcome: 'refused', refusal: result }
  return { outcome: 'done', value: show(result) }
}

function transferred(signer: EthSigner, result: EthResult<SignedTransaction>): JobResult<SignedTransfer> {
  return done(result, ({ raw, hash, transaction }) => ({ raw, hash, from: signer.address, transaction }))
}

function signatureOf({ signature }: SignedDigest): string {
  return signature
}

function shownClaim(claim: SignedClaim): ShownClaim {
  const { userId, userAddress, userAmount, delegateAddress, leaf, proof, digest, signature } = claim
  return { userId, userAddress, userAmount, delegateAddress, leaf, proof, digest, signature }
}

function shownRecord(
  { userId, userAmount, digest, ...record }: ClaimRecord,
  signature: string,
  { leaf, proof }: { readonly leaf: string; readonly proof: readonly string[] },
): ShownClaim {
  const { userAddress, delegateAddress } = record
  return {
    ...{ userId: BigInt(userId), userAmount: BigInt(userAmount), leaf, proof },
    ...{ userAddress, delegateAddress, digest: `0x${digest}`, signature: `0x${signature}` },
  }
}
