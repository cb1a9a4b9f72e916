import { onTestFinished, vi } from 'vitest'
import { StateError, type StateErrorCode } from '../../../src/policy/index.js'
import { DynamoDbTable, type DynamoDbOptions } from '../../../src/shared-marks/dynamodb/index.js'

/** What the SDK would find in the environment; none of it may ever be told. */
export const SECRETS = ['AKIASECRETID', 'wJalrXsecretKEY', 'IQoJsessionTOKEN'] as const

/** An environment where the SDK finds these credentials and nothing else of this machine. */
export function stubCredentials(isThere = true): void {
  const [id, key, token] = SECRETS
  const variables = {
    AWS_ACCESS_KEY_ID: isThere ? id : undefined,
    AWS_SECRET_ACCESS_KEY: isThere ? key : undefined,
    AWS_SESSION_TOKEN: isThere ? token : undefined,
    AWS_PROFILE: undefined,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
}

/** A table under test, closed after it. */
export async function openTable(
  endpoint: string,
  options: Partial<DynamoDbOptions> = {},
): Promise<DynamoDbTable> {
  stubCredentials()
  const told = { table: 'signer', region: 'eu-west-1', endpoint, timeoutMs: 10_000, host: 'host-a' }
  const table = await DynamoDbTable.open({ ...told, ...options })
  onTestFinished(() => table.close())
  return table
}

/** The code and words of the StateError that `promise` rejects with. */
export async function stateErrorFrom(
  promise: Promise<unknown>,
): Promise<{ readonly code: StateErrorCode; readonly message: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof StateError) return { code: error.code, message: error.message }
  throw new Error('no StateError', { cause: error })
}

/** Code and words of that StateError in one text. */
export async function troubleFrom(promise: Promise<unknown>): Promise<string> {
  const { code, message } = await stateErrorFrom(promise)
  return `${code}: ${message}`
}
