import { Hono } from 'hono'
import { refuse } from './error-funnel.js'

/** `GET /bls_prove_possession/:pkh`: no Tezio HSM holds a tz4 key, and the answer says so by name. */
export function blsProvePossessionRoute() {
  return new Hono().get('/:pkh', (c) =>
    refuse(c, { code: 'not-supported', message: 'a Tezio HSM holds no BLS key: tz1, tz2 and tz3 only' }),
  )
}
