import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSecretMask } from '../../src/cli/console-mask.js'

const received = (line: string) => createSecretMask().received(line)

describe('what is received', () => {
  it.each([
    ['mule wise online wear hair sign wife media calm arctic diet tip', '***'],
    ['  1. mule', '  1. ***'],
    ['Word 3: online', 'Word 3: ***'],
    ['MULE WISE', '***'],
    ['Mnemonic: mule wise online and so on', 'Mnemonic: ***'],
    ['Entered: hiar', 'Entered: ***'],
    ['p2sk2CD9SxypmRQ6iHiUVxiVSgSzR1TBgQBzQ9VSqjwxgFmkrKXmAG', '***'],
    ['the key edsk3QoqBuvdamxouPhin7swCvkQNgq4jP5KZPbwWNnwdZpSpJiEbq.', 'the key ***.'],
    [`its seed ${'0a'.repeat(32)}`, 'its seed ***'],
    ['A1 2 FF '.repeat(11), '***'],
  ])('hides %s', (line, hidden) => {
    expect(received(line)).toBe(hidden)
  })

  it.each([
    'Confirm (Y/n)',
    'Ready to continue?',
    'Word 3:',
    'A new mnemonic phrase of 24 words. Write it down and keep it secret:',
    'Mnemonic successfully entered.',
    'ERROR: The provided mnemonic phrase is invalid. Please verify.',
    'tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v',
    '-- ED25519 Public Key Hash --',
    'Do you wish to lock the cryptochip data zone?',
    'Do you wish to generate a new authenticating key?',
    '',
  ])('shows %s', (line) => {
    expect(received(line)).toBe(line)
  })

  it('hides every mnemonic, wherever it stands in a line', () => {
    const words = fc.array(fc.constantFrom(...wordlist), { minLength: 3, maxLength: 24 })
    fc.assert(
      fc.property(words, fc.constantFrom('', 'Mnemonic: ', '> '), (list, label) => {
        expect(received(`${label}${list.join(' ')}`)).toBe(`${label}***`)
      }),
    )
  })
})

describe('what is typed', () => {
  it.each(['Y', 'n', 'yes', 'no', ''])('is shown when it is the answer %j', (line) => {
    expect(createSecretMask().sent(line)).toBe(line)
  })

  it('is hidden otherwise, and so is its echo, with its typing errors', () => {
    const mask = createSecretMask()
    expect(mask.sent('hiar')).toBe('***')
    expect(mask.received('You typed hiar, did you?')).toBe('You typed ***, did you?')
  })
})
