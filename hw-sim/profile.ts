import type { StatusName } from '../src/device/tezio/index.js'

/** The profiles there are. */
export const PROFILE_NAMES = ['stock', 'fixed', 'eth'] as const

/**
 * `stock`: the firmware as it is, surprises included. `fixed`: the same device with them repaired. `eth`: that one with
 * GET_INFO and SIGN_ETH (docs/firmware-eth.md), which no board runs today.
 */
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** A status the device can refuse with. */
export type Status = Exclude<StatusName, 'unknown'>

/** Where the two firmwares differ; the handlers read these and nothing else. hw-sim/README.md explains each. */
export type Profile = {
  readonly name: ProfileName
  /** What a request that the watermark refuses is answered with. */
  readonly watermarkStatus: Status
  /** Whether a mark is raised before the policy is asked. */
  readonly raisesMarkFirst: boolean
  /** Whether magic bytes outside 0x01 to 0x13 are looked up in the memory around a key's table. */
  readonly readsPastTable: boolean
  /** Whether SIGN takes digests, of which it cannot know the magic byte. */
  readonly signsDigests: boolean
  /** Whether a consensus payload too short for its level and round is read on as zeros. */
  readonly readsMissingBytesAsZero: boolean
  /** Whether an error while reading a packet is the one that is reported. */
  readonly reportsReadErrors: boolean
  /** What a packet longer than the receive buffer is answered with. */
  readonly overlongStatus: Status
  /** Whether VERIFY refuses a message length that leaves no room for a signature, rather than finding it invalid. */
  readonly checksMessageLength: boolean
  /** Whether there are GET_INFO and SIGN_ETH. */
  readonly signsEthereum: boolean
}

const FIXED: Profile = {
  name: 'fixed',
  watermarkStatus: 'watermark-refused',
  raisesMarkFirst: false,
  readsPastTable: false,
  signsDigests: false,
  readsMissingBytesAsZero: false,
  reportsReadErrors: true,
  overlongStatus: 'packet-length-differs',
  checksMessageLength: true,
  signsEthereum: false,
}

/** All firmwares. Source of `stock`: docs/protocol.md "What surprises". */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  stock: {
    name: 'stock',
    watermarkStatus: 'packet-parsed',
    raisesMarkFirst: true,
    readsPastTable: true,
    signsDigests: true,
    readsMissingBytesAsZero: true,
    reportsReadErrors: false,
    overlongStatus: 'checksum-wrong',
    checksMessageLength: false,
    signsEthereum: false,
  },
  fixed: FIXED,
  eth: { ...FIXED, name: 'eth', signsEthereum: true },
}
