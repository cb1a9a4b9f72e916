import { ConfigError, parseConfig, type Config } from '../../src/config/index.js'

export const TZ1 = 'tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv'
export const TZ2 = 'tz2F8DfsecohZ6QuBk2tPc2svRRgpN3hg9Vx'
export const TZ3 = 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ'
export const AUTH = 'tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'
export const OTHER_TZ1 = 'tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v'
export const PUBLIC_KEY = {
  [TZ1]: 'edpkuMtzfUL2Ak7CFrRcZX5Cg16qjzUajtJLM6scwk14uAoSVu3GmP',
  [TZ2]: 'sppk7bVtxWb9fz4wC1RrrxCbhAnFhMmCEYKQT3L5hu6rZbpT2Pp82we',
  [TZ3]: 'p2pk67eBNoroC9diBbG8hk3u5fcuFScmJ9N7YxCeuoveoU1AvCHcPcK',
  [AUTH]: 'p2pk66cFnhgeSnHadR8wmkJTgiHcpAFpBA8m9mUkaQQ5ypTQVvZqrwN',
} as const

/** A file's one required section: a tz1 key for operations, without authentication. */
export const KEY_SECTION = `policy: {signing_keys: {${TZ1}: {allowed_ops: [0x03]}}}\n`

/** The configuration of `text` in /etc/tezio/config.yaml. */
export function parse(text: string, stateDir?: string): Config {
  return parseConfig(text, { file: '/etc/tezio/config.yaml', stateDir, defaultStateDir: 'state' })
}

/** The configuration of `text` with the one required section before it. */
export function withKey(text: string): Config {
  return parse(KEY_SECTION + text)
}

/** The configuration of one key with `rules` (a flow mapping's inside); `rest` is further text. */
export function oneKey(address: string, rules: string, rest = ''): Config {
  return parse(`policy:\n  signing_keys:\n    ${address}: {${rules}}\n${rest}`)
}

/** What `run` throws, which must be a ConfigError. */
export function refusal(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
