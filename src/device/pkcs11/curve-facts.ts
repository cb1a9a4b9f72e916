import type { Curve } from '../../tezos/index.js'

/** PKCS#11 numbers by curve. Source: PKCS#11 3.0, section 2.3; the Edwards ones are missing from pkcs11js. */
export type CurveFacts = {
  /** CKK_EC or CKK_EC_EDWARDS. */
  readonly keyType: number
  /** CKM_ECDSA or CKM_EDDSA. */
  readonly mechanism: number
  /** CKA_EC_PARAMS in every form that modules use, in hex: an OID, or its printable name. */
  readonly parameters: readonly string[]
}

const CKK_EC = 0x03
const CKK_EC_EDWARDS = 0x40
const CKM_ECDSA = 0x1041
const CKM_EDDSA = 0x1057

export const CURVE_FACTS: Readonly<Record<Curve, CurveFacts>> = {
  ed25519: {
    keyType: CKK_EC_EDWARDS,
    mechanism: CKM_EDDSA,
    parameters: ['06032b6570', '130c656477617264733235353139'],
  },
  secp256k1: { keyType: CKK_EC, mechanism: CKM_ECDSA, parameters: ['06052b8104000a'] },
  p256: { keyType: CKK_EC, mechanism: CKM_ECDSA, parameters: ['06082a8648ce3d030107'] },
}
