import pkcs11js from 'pkcs11js'

// Makes an Ed25519 key pair whose CKA_EC_PARAMS is the curve's OID; prints its CKA_EC_POINT in hex.
const [module, token, pin, label] = process.argv.slice(2)
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055
const calls = new pkcs11js.PKCS11()
calls.load(module)
calls.C_Initialize()
const slot = calls.C_GetSlotList(true).find((one) => calls.C_GetTokenInfo(one).label.trim() === token)
const session = calls.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
calls.C_Login(session, pkcs11js.CKU_USER, pin)
const shared = [
  { type: pkcs11js.CKA_TOKEN, value: true },
  { type: pkcs11js.CKA_LABEL, value: label },
]
const { publicKey } = calls.C_GenerateKeyPair(
  session,
  { mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN },
  [...shared, { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06032b6570', 'hex') }],
  [...shared, { type: pkcs11js.CKA_SIGN, value: true }, { type: pkcs11js.CKA_PRIVATE, value: true }],
)
const [{ value }] = calls.C_GetAttributeValue(session, publicKey, [{ type: pkcs11js.CKA_EC_POINT }])
console.log(value.toString('hex'))
