import pkcs11js from 'pkcs11js'

// What a person with the PIN finds on a token, and may do there: token-objects.mjs MODULE TOKEN PIN [incomplete ID LABEL].
// Prints every object as JSON. With "incomplete" it first leaves a private key object without a key in it, as a module that
// was killed between its two steps does.
const [module, token, pin, action, id, label] = process.argv.slice(2)
const calls = new pkcs11js.PKCS11()
calls.load(module)
calls.C_Initialize()
const slot = calls.C_GetSlotList(true).find((one) => calls.C_GetTokenInfo(one).label.trim() === token)
const session = calls.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION)
calls.C_Login(session, pkcs11js.CKU_USER, pin)
if (action === 'incomplete') {
  try {
    calls.C_CreateObject(session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_ID, value: Buffer.from(id, 'hex') },
      { type: pkcs11js.CKA_LABEL, value: label },
    ])
  } catch {
    // SoftHSM refuses it and leaves it there all the same
  }
}

const read = (handle, name) => {
  try {
    return calls.C_GetAttributeValue(session, handle, [{ type: pkcs11js[name] }])[0].value.toString('hex')
  } catch (error) {
    return error.message
  }
}
calls.C_FindObjectsInit(session, [])
const handles = calls.C_FindObjects(session, 10_000)
calls.C_FindObjectsFinal(session)
const objects = handles.map((handle) => ({
  isPrivate: read(handle, 'CKA_CLASS').startsWith('03'),
  id: read(handle, 'CKA_ID'),
  label: Buffer.from(read(handle, 'CKA_LABEL'), 'hex').toString(),
  value: read(handle, 'CKA_VALUE'),
}))
console.log(JSON.stringify(objects))
