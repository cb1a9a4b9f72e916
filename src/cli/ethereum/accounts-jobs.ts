import type { AccountsCaller, AccountsRefused, AccountsService, ApiKeyRing } from '../../accounts/index.js'
import type { AccountJobs, JobResult } from '../../server/ethereum/index.js'
import type { EthereumDecided } from '../../telemetry/index.js'
import { decided, type DecisionSink } from './decisions.js'

export type AccountJobsOptions = {
  readonly service: Pick<AccountsService, 'create' | 'get' | 'sign'>
  readonly apiKeys: Pick<ApiKeyRing, 'authenticate'>
  readonly oldRoutes: boolean
  readonly onDecided: DecisionSink
}

/** What the routes of accounts ask; each answer is one line of the audit log. */
export function accountJobs({
  service,
  apiKeys,
  oldRoutes,
  onDecided,
}: AccountJobsOptions): AccountJobs<AccountsCaller> {
  return {
    oldRoutes,
    authenticate: (apiKey) => {
      const proven = apiKeys.authenticate(apiKey)
      return proven.outcome === 'refused' ? { refusal: proven.refusal } : { caller: proven.caller }
    },
    create: (caller, wanted, requestId) =>
      told('account', caller, requestId, onDecided, async () => {
        const made = await service.create(caller, wanted)
        return made.outcome === 'refused' ? made : done({ account: made.account, isNew: made.isNew })
      }),
    get: async (caller, address) => {
      const found = await service.get(caller, address)
      return found.outcome === 'refused' ? found : done(found.account)
    },
    sign: (caller, of, request, requestId) =>
      told('account-signature', caller, requestId, onDecided, async () => {
        const made = await service.sign(caller, of, request)
        if (made.outcome === 'refused') return made
        const { address, custody, signature, digest, transaction } = made
        const body = { address, custody, signature, digest, ...(transaction && { transaction }) }
        return { ...done(body), digest }
      }),
  }
}

async function told<Value>(
  job: EthereumDecided['job'],
  { keyId }: AccountsCaller,
  requestId: string,
  onDecided: DecisionSink,
  work: () => Promise<(Done<Value> & { readonly digest?: string }) | AccountsRefused>,
): Promise<JobResult<Value>> {
  const tell = decided(onDecided, { job, requestId, clients: [keyId] })
  const result = await work()
  if (result.outcome === 'refused') tell(result.refusal)
  else tell(undefined, result.digest)
  return result
}

type Done<Value> = { readonly outcome: 'done'; readonly value: Value }

function done<Value>(value: Value): Done<Value> {
  return { outcome: 'done', value }
}
