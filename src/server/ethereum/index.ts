/** The routes of the Ethereum jobs; loaded only where one is configured. */
export { accountsRoutes } from './accounts-routes.js'
export { ethereumRoutes } from './routes.js'
export type {
  AccountJobs,
  AccountShown,
  Admission,
  ClaimJobs,
  EthereumJobs,
  JobAsker,
  JobRefusal,
  JobResult,
  RpcJobs,
  SignedClaim,
  SignedTransfer,
  TransferJobs,
} from './jobs.js'
