/** What `doctor` is asked to look at. */
export type DoctorOptions = {
  readonly config: string
  /** Whether the operator named the file; the default one may be missing. */
  readonly isConfigNamed: boolean
  readonly stateDir?: string | undefined
  /** The board to look at, by its name; the first one unless told. */
  readonly device?: string | undefined
  /** Instead of the configured port of that board. */
  readonly port?: string | undefined
  /** URL of a node, instead of the configuration's `head_check.rpc`. */
  readonly node?: string | undefined
}
