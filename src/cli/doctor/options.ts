/** What `doctor` is asked to look at. */
export type DoctorOptions = {
  readonly config: string
  /** Whether the operator named the file; the default one may be missing. */
  readonly isConfigNamed: boolean
  readonly stateDir?: string | undefined
  /** Instead of the configuration's `device.port`. */
  readonly port?: string | undefined
  /** URL of a node, instead of the configuration's `head_check.rpc`. */
  readonly node?: string | undefined
}
