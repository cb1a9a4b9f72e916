import { invalidSignature, type DeviceProof } from './authentication.js'
import type { NotReady } from './device-lines.js'
import { failureRefusal } from './explain.js'
import { refuse, type Refusal } from './refusal.js'
import type { SigningDevice } from './signing-device.js'

/**
 * Why the device does not vouch for a request's signature; `undefined` when it does, and nothing else is a yes: not a
 * device that is away, busy or silent, and none that verifies nothing. It is asked once, after at most `ms`;
 * `refusalNow` says whether the request is still worth it then.
 */
export async function deviceRefusal(
  proof: DeviceProof,
  device: SigningDevice,
  ms: number,
  refusalNow: () => Refusal | undefined,
): Promise<Refusal | NotReady | undefined> {
  if (device.verify === undefined) {
    return refuse(
      'device-unavailable',
      'this device verifies no authentication; set policy.auth_key.verify to host',
    )
  }
  const notReady = await device.ready(ms)
  if (notReady !== undefined) return { notReady }
  const gone = refusalNow()
  if (gone !== undefined) return gone
  const judgement = await device.verify(proof.message, proof.signature)
  if (judgement.outcome === 'failed') return failureRefusal(judgement, undefined)
  return judgement.isValid ? undefined : invalidSignature().refusal
}
