import { Hono } from 'hono'
import type { CallerRules } from '../caller.js'
import type { RequestEnv } from '../request-id.js'
import { claimsRoutes } from './claims-routes.js'
import type { EthereumJobs } from './jobs.js'
import { oldClaimRoute } from './old-claim-route.js'
import { rpcRoute } from './rpc-route.js'
import { oldTransferRoutes, transfersRoute } from './transfers-routes.js'

/** The routes of the Ethereum jobs that are configured; the others are not there. */
export function ethereumRoutes(jobs: EthereumJobs, callers: CallerRules): Hono<RequestEnv> {
  const { claims, transfers, rpc } = jobs
  const app = new Hono<RequestEnv>()
  if (claims !== undefined) {
    app.route('/v1/eth/claims', claimsRoutes(claims))
    if (claims.oldRoutes) app.route('/', oldClaimRoute(claims))
  }
  if (transfers !== undefined) {
    app.route('/v1/eth/transfers', transfersRoute(transfers, callers))
    if (transfers.oldRoutes)
      app.route(
        '/',
        oldTransferRoutes(transfers, () => jobs.trouble(), callers),
      )
  }
  if (rpc !== undefined)
    app.route(
      '/v1/eth/rpc',
      rpcRoute(rpc, () => jobs.trouble(), callers),
    )
  return app
}
