/** Ends a `switch` over a union: the compiler refuses a call that can be reached, and a lie at run time throws. */
export function assertNever(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`)
}
