/** What an API key may be allowed to do, with its owner's own accounts alone. */
export const SCOPES = ['accounts:create', 'accounts:read', 'accounts:sign'] as const

/** One of them. */
export type Scope = (typeof SCOPES)[number]

/** Who asks: an API key that was proven. */
export type AccountsCaller = {
  readonly keyId: string
  /** Whose accounts it makes and sees; several keys may be of one owner. */
  readonly owner: string
  readonly scopes: readonly Scope[]
}
