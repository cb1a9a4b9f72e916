import { RemoteSigner } from '@taquito/remote-signer'

// Run with NODE_EXTRA_CA_CERTS, which Node reads at its start only: url, key, hex, and keys and hex to fail with.
const [url, key, hex, unknownKey, forbidden, malformed] = process.argv.slice(2)
const errorOf = async (promise) =>
  promise.then(
    () => 'none',
    (error) => error.name,
  )
const signer = new RemoteSigner(key, url)
const { prefixSig } = await signer.sign(hex, Uint8Array.of(3))
const unknown = new RemoteSigner(unknownKey, url)
console.log(
  JSON.stringify({
    signature: prefixSig,
    unknownKey: await errorOf(unknown.publicKey()),
    forbidden: await errorOf(signer.sign(forbidden, Uint8Array.of(5))),
    malformed: await errorOf(signer.sign(malformed, Uint8Array.of(0x11))),
  }),
)
