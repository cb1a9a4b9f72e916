import type { LabelAnswer, VaultDevice } from '../../accounts/index.js'
import type { Clock } from '../../clock.js'
import type { DeviceAnswer, GuardedSigner, Refusal } from '../../policy/index.js'
import type { ConfiguredDevice, DeviceSet } from '../device-set.js'

/** How long a label waits for the device's turn, in ms: blocks and votes go first. */
const TURN_MS = 8000
/** Where a board has its Ed25519 key. */
const ED25519_ALIAS = 1

/** Has a device sign a label, in its turn where there are others. */
export type AskDevice = (
  device: ConfiguredDevice,
  sign: () => Promise<DeviceAnswer>,
) => Promise<DeviceAnswer | Refusal>

/** The boards that open the vault, by their names, as the vault asks them. */
export function vaultDevices(
  devices: DeviceSet,
  names: readonly string[],
  ask: AskDevice,
): readonly VaultDevice[] {
  return names.flatMap((name) => {
    const device = devices.list.find((one) => one.name === name)
    return device === undefined ? [] : [vaultDevice(device, ask)]
  })
}

/** Asks in the device's line, behind blocks and votes. */
export function inTurn(signer: GuardedSigner, clock: Clock): AskDevice {
  return (device, sign) => {
    const patience = { deadlineAt: clock.now() + TURN_MS, signal: undefined }
    return signer.atDevice(device.signing, 'vault', patience, sign)
  }
}

function vaultDevice(device: ConfiguredDevice, ask: AskDevice): VaultDevice {
  return {
    name: device.name,
    publicKey: () => device.boardKeys().get(ED25519_ALIAS),
    signLabel: async (label) => {
      const { signLabel } = device
      if (signLabel === undefined) return failed('device-refused', `${device.name} is no board`)
      const answer = await ask(device, () => signLabel(label))
      if (!('outcome' in answer)) return failed(answer.code, answer.message)
      return answer.outcome === 'signed' ? answer : failed(answer.code, answer.message)
    },
  }
}

function failed(code: string, message: string): LabelAnswer {
  return { outcome: 'failed', code, message }
}
