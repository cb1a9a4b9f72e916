import { pkcs11SigningDevice } from '../../../src/cli/pkcs11-signing-device.js'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { Opened, workerPid } from '../../device/pkcs11/rig.js'
import { asTokenKey, whyNoTokens } from '../../device/pkcs11/soft-tokens.js'
import { leftovers, type BenchKind } from './bench.js'

/** SoftHSM2, a PKCS#11 token in files, with OpenSC's module before it that counts the calls. */
export const softToken: BenchKind = {
  name: 'a PKCS#11 token (SoftHSM2)',
  whyNot: whyNoTokens(),
  open: async () => {
    const opened = new Opened()
    leftovers.push(() => opened.close())
    const { tokens, keys } = opened.scene()
    const { module, count } = tokens.spy()
    const { device, log } = opened.device({ keys: keys.map(asTokenKey), module, timeoutMs: 1000 })
    await device.firstContact(10_000)
    return {
      signer: pkcs11SigningDevice('token', device),
      keys: new Map(keys.map(({ publicKey }) => [publicKeyHash(publicKey), publicKey])),
      maxPayloadBytes: undefined,
      // each opening signs once with every key, to prove it
      signaturesAsked: () => count('C_Sign') - device.health().timesReady * keys.length,
      hands: {
        goAwayInTheMiddle: (signing) => {
          const pid = workerPid()
          process.kill(pid, 'SIGSTOP')
          const result = signing()
          process.kill(pid, 'SIGKILL')
          return result
        },
        goAway: async () => {
          const gone = log.next('device.open-failed')
          tokens.takeAway()
          process.kill(workerPid(), 'SIGKILL')
          await gone
        },
        comeBack: async () => {
          const ready = log.next('device.ready')
          tokens.putBack()
          await ready
        },
        hang: () => {
          process.kill(workerPid(), 'SIGSTOP')
        },
      },
      close: () => device.close(),
    }
  },
}
