import { ethers } from 'ethers'
import { describe, expect, test } from 'vitest'
import { golden } from '../ethereum/golden.js'
import { MemoryStore } from './memory-store.js'
import type { AccountsSettings } from '../../src/accounts/settings.js'
import { caller, serviceBench } from './service-bench.js'
import { SoftToken } from './soft-token.js'
import { intent } from './records.js'
import { outcomeOf } from './vault/fixture.js'

const MAIL = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: '1',
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}

const LEGACY = {
  ...{ type: 'legacy', chain_id: '1', nonce: '9', gas_price: '20000000000', gas_limit: '21000' },
  ...{ to: '0x3535353535353535353535353535353535353535', value: '1000000000000000000' },
}
const EIP1559 = {
  ...{
    type: 'eip1559',
    chain_id: '11155111',
    nonce: '0',
    gas_limit: '50000',
    value: '0',
    data: '0xa9059cbb',
  },
  ...{ max_fee_per_gas: '30000000000', max_priority_fee_per_gas: '1000000000' },
  to: LEGACY.to,
}
const transaction = (parts: object) => ({ type: 'transaction', transaction: parts })

describe.each(['vault', 'hsm'] as const)('an account in custody %s', (custody) => {
  test('is made with an address of its own, told without a private key, and found by its owner', async () => {
    const { service, create } = await serviceBench()
    const [one, two] = [await create(custody), await create(custody)]
    expect(one.address).not.toBe(two.address)
    expect(one).toMatchObject({ custody, owner: 'alice' })
    expect(Object.keys(one).sort()).toEqual(['address', 'createdAt', 'custody', 'owner', 'publicKey'])
    expect(ethers.computeAddress(one.publicKey)).toBe(one.address)
    expect(await service.get(caller(), one.address.toLowerCase())).toEqual({ outcome: 'found', account: one })
  })

  test('signs a message, typed data and transactions, as ethers reads them, and names its custody', async () => {
    const { service, create } = await serviceBench()
    const { address } = await create(custody)
    const sign = async (request: unknown) => {
      const signed = await service.sign(caller(), address, request)
      if (signed.outcome === 'refused') throw new Error(signed.refusal.message)
      expect(signed).toMatchObject({ custody, address })
      return signed
    }
    const message = await sign({ type: 'message', message: 'Some data' })
    expect(message.digest).toBe(golden.eip191_personal.digest)
    expect(ethers.verifyMessage('Some data', message.signature)).toBe(address)
    const mail = await sign({ type: 'typed_data', typed_data: MAIL })
    expect(mail.digest).toBe(golden.eip712_mail.digest)
    expect(ethers.verifyTypedData(MAIL.domain, MAIL.types, MAIL.message, mail.signature)).toBe(address)
    for (const [request, digest] of [
      [LEGACY, golden.tx_eip155.digest],
      [EIP1559, undefined],
    ] as const) {
      const { transaction: sent, digest: signed } = await sign(transaction(request))
      if (digest !== undefined) expect(signed).toBe(digest)
      const read = ethers.Transaction.from(sent!.raw)
      expect(read).toMatchObject({ from: address, hash: sent!.hash, nonce: Number(request.nonce) })
      expect([String(read.chainId), read.to]).toEqual([request.chain_id, request.to])
    }
  })

  test("is nobody else's: another owner is told the same as of an address that is none", async () => {
    const { service, create } = await serviceBench()
    const { address } = await create(custody)
    const message = { type: 'message', message: 'x' }
    const foreign = [
      await service.get(caller('bob'), address),
      await service.sign(caller('bob'), address, message),
    ]
    const none = await service.get(caller('bob'), LEGACY.to)
    for (const answer of [...foreign, none]) expect(outcomeOf(answer)).toBe('unknown-account')
    expect(JSON.stringify(foreign).replaceAll(address, '')).toBe(
      JSON.stringify([none, none]).replaceAll(LEGACY.to, ''),
    )
  })

  test('is made once for one idempotency key of an owner, also when it is asked twice at once', async () => {
    const { service, store } = await serviceBench()
    const ask = (owner: string) => service.create(caller(owner), { custody, idempotencyKey: 'k' })
    const both = await Promise.all([ask('alice'), ask('alice')])
    const again = await ask('alice')
    expect(again).toMatchObject({ outcome: 'created', isNew: false })
    const addresses = [...both, again].flatMap((one) =>
      one.outcome === 'created' ? [one.account.address] : [],
    )
    expect(new Set(addresses).size).toBe(1)
    expect(await ask('bob')).toMatchObject({ isNew: true })
    expect(await store.accounts()).toHaveLength(2)
    const other = await service.create(caller(), {
      custody: custody === 'hsm' ? 'vault' : 'hsm',
      idempotencyKey: 'k',
    })
    expect(outcomeOf(other)).toBe('idempotency-conflict')
  })
})

describe('what is not signed with an account', () => {
  const without = (name: string) => Object.fromEntries(Object.entries(LEGACY).filter(([key]) => key !== name))
  const malformed: readonly (readonly [string, unknown])[] = [
    ['a bare digest', { type: 'digest', digest: golden.tx_eip155.digest }],
    ['a message beside a digest', { type: 'message', message: 'x', digest: golden.tx_eip155.digest }],
    ['a message of half a character', { type: 'message', message: '\ud800' }],
    ['a transaction before EIP-155, without a chain', transaction(without('chain_id'))],
    ['chain 0', transaction({ ...LEGACY, chain_id: '0' })],
    ['a contract creation', transaction(without('to'))],
    ['a blob transaction', transaction({ ...EIP1559, type: 'eip4844', blob_versioned_hashes: [] })],
    ['a transaction of EIP-7702', transaction({ ...EIP1559, type: 'eip7702', authorization_list: [] })],
    ['a list of authorisations in EIP-1559', transaction({ ...EIP1559, authorization_list: [] })],
    ['an access list', transaction({ ...EIP1559, access_list: [] })],
    ['a JSON number', transaction({ ...LEGACY, value: 1 })],
    ['hex digits', transaction({ ...LEGACY, value: '0x1' })],
    ['an exponent', transaction({ ...LEGACY, value: '1e18' })],
    ['a negative value', transaction({ ...LEGACY, value: '-1' })],
    ['a leading zero', transaction({ ...LEGACY, value: '01' })],
    ['more than 256 bits', transaction({ ...LEGACY, value: (2n ** 256n).toString() })],
    ['the nonce without a successor', transaction({ ...LEGACY, nonce: (2n ** 64n - 1n).toString() })],
    [
      'an address with a wrong checksum',
      transaction({ ...LEGACY, to: '0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' }),
    ],
    ['a tip above the fee', transaction({ ...EIP1559, max_priority_fee_per_gas: '30000000001' })],
    ['the gas price of the other kind', transaction({ ...EIP1559, gas_price: '1' })],
    ['half a byte of data', transaction({ ...EIP1559, data: '0xabc' })],
    [
      'typed data with a member more',
      { type: 'typed_data', typed_data: { ...MAIL, message: { ...MAIL.message, x: 1 } } },
    ],
    [
      'typed data of an authorisation',
      { type: 'typed_data', typed_data: { ...MAIL, primaryType: 'EIP712Domain' } },
    ],
    ['nothing', undefined],
  ]
  test.each(malformed)('%s', async (_, request) => {
    const { service, create } = await serviceBench()
    const { address } = await create()
    expect(outcomeOf(await service.sign(caller(), address, request))).toBe('malformed-request')
  })

  const forbidden: readonly (readonly [string, Partial<AccountsSettings>, unknown, string])[] = [
    ['a transaction for another chain', {}, transaction({ ...LEGACY, chain_id: '5' }), 'chain-not-allowed'],
    [
      'typed data for another chain',
      {},
      { type: 'typed_data', typed_data: { ...MAIL, domain: { ...MAIL.domain, chainId: '0x5' } } },
      'chain-not-allowed',
    ],
    ['a kind that is not configured', { sign: ['message'] }, transaction(LEGACY), 'kind-not-allowed'],
    [
      'any kind where none is configured',
      { sign: [] },
      { type: 'message', message: 'x' },
      'kind-not-allowed',
    ],
    ['a wei too much', { maxWei: 10n ** 18n - 1n }, transaction(LEGACY), 'transaction-not-allowed'],
    [
      'a fee of a wei too much',
      { maxFeeWei: 21000n * 20000000000n - 1n },
      transaction(LEGACY),
      'transaction-not-allowed',
    ],
    [
      'a fee of EIP-1559 that is too high',
      { maxFeeWei: 50000n * 30000000000n - 1n },
      transaction(EIP1559),
      'transaction-not-allowed',
    ],
  ]
  test.each(forbidden)('%s', async (_, settings, request, code) => {
    const { service, create } = await serviceBench({ settings })
    const { address } = await create()
    expect(outcomeOf(await service.sign(caller(), address, request))).toBe(code)
  })

  test('but a transaction at its very bounds is', async () => {
    const settings = { maxWei: 10n ** 18n, maxFeeWei: 21000n * 20000000000n }
    const { service, create } = await serviceBench({ settings })
    const { address } = await create()
    expect(outcomeOf(await service.sign(caller(), address, transaction(LEGACY)))).toBe('signed')
  })
})

describe('an API key without the scope', () => {
  test.each(['accounts:create', 'accounts:read', 'accounts:sign'] as const)(
    '%s is refused that alone',
    async (scope) => {
      const { service, create } = await serviceBench()
      const { address } = await create()
      const scopes = caller().scopes.filter((one) => one !== scope)
      const who = caller('alice', { scopes })
      const outcomes = {
        'accounts:create': outcomeOf(await service.create(who, {})),
        'accounts:read': outcomeOf(await service.get(who, address)),
        'accounts:sign': outcomeOf(await service.sign(who, address, { type: 'message', message: 'x' })),
      }
      const granted = { 'accounts:create': 'created', 'accounts:read': 'found', 'accounts:sign': 'signed' }
      expect(outcomes).toEqual({ ...granted, [scope]: 'scope-missing' })
    },
  )
})

describe('a vault account', () => {
  test('is neither made nor signed with while the vault is locked, in words that name the remedy', async () => {
    const { service, vault, create } = await serviceBench()
    const { address } = await create()
    vault.lock()
    const signed = await service.sign(caller(), address, { type: 'message', message: 'x' })
    for (const answer of [signed, await service.create(caller(), {})]) {
      expect(answer).toMatchObject({
        refusal: {
          code: 'vault-locked',
          message: expect.stringContaining('tezio-bridge accounts unlock') as string,
        },
      })
    }
    expect((await service.get(caller(), address)).outcome).toBe('found')
    expect(await service.status()).toEqual({
      vault: 'locked',
      slots: 2,
      accounts: { vault: 1, hsm: 0 },
      pending: 0,
    })
  })

  test('is not made in a vault with one slot', async () => {
    const store = new MemoryStore()
    const { service } = await serviceBench({ store })
    store.header = { ...store.header!, slots: store.header!.slots.slice(0, 1) }
    expect(outcomeOf(await service.create(caller(), {}))).toBe('vault-few-slots')
  })

  test('whose record is another one signs nothing: changed in any field, or with the seal of another', async () => {
    const store = new MemoryStore()
    const { service, create } = await serviceBench({ store })
    const [one, two] = [await create(), await create()]
    const [record, other] = [store.records.get(one.address)!, store.records.get(two.address)!]
    if (record.custody !== 'vault' || other.custody !== 'vault') throw new Error('not in the vault')
    const spoilt = [
      { ...record, sealed: other.sealed },
      { ...record, accountId: other.accountId },
      { ...record, createdAt: '2020-01-01T00:00:00.000Z' },
      { ...record, publicKey: other.publicKey },
      { ...record, idempotencyKey: 'k' },
      { ...record, vaultId: '0'.repeat(32) },
      { ...other, address: record.address },
    ]
    for (const changed of spoilt) {
      store.records.set(one.address, changed)
      expect(outcomeOf(await service.sign(caller(), one.address, { type: 'message', message: 'x' }))).toBe(
        'vault-record-damaged',
      )
    }
    store.records.set(one.address, { ...record, owner: 'bob' })
    expect(outcomeOf(await service.sign(caller('bob'), one.address, { type: 'message', message: 'x' }))).toBe(
      'vault-record-damaged',
    )
    store.records.set(one.address, record)
    expect(outcomeOf(await service.sign(caller(), one.address, { type: 'message', message: 'x' }))).toBe(
      'signed',
    )
  })
})

test('a key that is sealed under the address of another one is not used', async () => {
  const { vault, store, create } = await serviceBench()
  const { address } = await create()
  const record = await store.account(address)
  if (record?.custody !== 'vault') throw new Error('not in the vault')
  const { v, accountId, alg, publicKey, owner, createdAt } = record
  const facts = { v, accountId, alg, address, publicKey, owner, createdAt } as const
  const foreign = vault.key!.seal(
    { ...facts, address: record.address },
    record.vaultId,
    new Uint8Array(32).fill(1),
  )
  expect(vault.key!.withPrivateKey(foreign, () => 'used')).toBeUndefined()
  expect(vault.key!.withPrivateKey(record, () => 'used')).toBe('used')
})

describe('an account in a token', () => {
  test('is named in the token by its address', async () => {
    const { token, create } = await serviceBench()
    const { address } = await create('hsm')
    expect([...token.labels.values()]).toEqual([address])
  })

  test('is made also where the token lets nothing be named', async () => {
    const { token, create } = await serviceBench()
    token.failing = { at: 'label', isDone: false }
    expect((await create('hsm')).custody).toBe('hsm')
  })

  test('signs nothing with the key of another', async () => {
    const { service, token, create } = await serviceBench()
    const { address } = await create('hsm')
    const [id] = [...token.keys.keys()]
    token.keys.set(id!, new Uint8Array(32).fill(1))
    expect(outcomeOf(await service.sign(caller(), address, { type: 'message', message: 'x' }))).toBe(
      'signature-invalid',
    )
  })

  test('leaves nothing behind where the token was not ready', async () => {
    const { service, token, store } = await serviceBench()
    token.failing = { at: 'ready', isDone: false }
    expect(outcomeOf(await service.create(caller(), { custody: 'hsm' }))).toBe('token-failed')
    expect([await store.intents(), await store.accounts()]).toEqual([[], []])
  })

  test.each([
    [false, 0],
    [true, 1],
  ] as const)(
    'whose making failed after the token did it (%s) becomes %i accounts once it can be asked',
    async (isDone, accounts) => {
      const { service, token, store } = await serviceBench()
      token.failing = { at: 'generate', isDone }
      expect(outcomeOf(await service.create(caller(), { custody: 'hsm' }))).toBe('token-failed')
      expect(await service.status()).toMatchObject({ pending: 1 })
      await service.settle()
      expect(await service.status()).toMatchObject({ pending: 0, accounts: { hsm: accounts } })
      for (const { address } of await store.accounts()) {
        expect(outcomeOf(await service.sign(caller(), address, { type: 'message', message: 'x' }))).toBe(
          'signed',
        )
      }
    },
  )

  test('asked for again under its idempotency key is the one that was left half done', async () => {
    const { service, token } = await serviceBench()
    token.failing = { at: 'generate', isDone: true }
    const ask = () => service.create(caller(), { custody: 'hsm', idempotencyKey: 'k' })
    expect(outcomeOf(await ask())).toBe('token-failed')
    expect(outcomeOf(await ask())).toBe('created')
    expect(token.keys.size).toBe(1)
  })

  test('of another host that may still be at work is left alone, and ended when it is old', async () => {
    const { service, store, clock } = await serviceBench()
    await store.addIntent(intent({ host: 'there', createdAt: clock.now.toISOString(), idempotencyKey: 'k' }))
    await service.settle()
    expect(await store.intents()).toHaveLength(1)
    expect(outcomeOf(await service.create(caller(), { custody: 'hsm', idempotencyKey: 'k' }))).toBe(
      'idempotency-conflict',
    )
    clock.now = new Date(clock.now.getTime() + 11 * 60_000)
    await service.settle()
    expect(await store.intents()).toEqual([])
  })

  test('is not settled under the hands of the creation that works on it', async () => {
    const { service, store, token } = await serviceBench()
    const seen: number[] = []
    const { generate } = token
    const slow = Object.assign(token, {
      generate: async (id: string) => {
        await service.settle()
        seen.push((await store.intents()).length)
        return generate(id)
      },
    })
    expect(outcomeOf(await service.create(caller(), { custody: 'hsm' }))).toBe('created')
    expect([seen, (await store.accounts()).length, slow.keys.size]).toEqual([[1], 1, 1])
  })

  test('is refused by name where no token is configured, or another one', async () => {
    const store = new MemoryStore()
    const { create } = await serviceBench({ store })
    const { address } = await create('hsm')
    const other = Object.assign(new SoftToken(), { name: 'other' })
    const { service } = await serviceBench({ store, token: other })
    expect(outcomeOf(await service.sign(caller(), address, { type: 'message', message: 'x' }))).toBe(
      'custody-not-configured',
    )
  })
})
