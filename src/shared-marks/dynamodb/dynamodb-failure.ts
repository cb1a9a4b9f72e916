import { StateError } from '../../policy/index.js'
import { systemErrorCode } from '../../system-error.js'

/** Where a request went, for messages. */
export type TablePlace = {
  readonly table: string
  readonly region: string
  readonly endpoint: string | undefined
}

/** One text for a place; nothing of it is secret. */
export function placeText({ table, region, endpoint }: TablePlace): string {
  return `the DynamoDB table ${table} in ${region}${endpoint === undefined ? '' : ` at ${endpoint}`}`
}

const CREDENTIALS = 'mend the credentials that the AWS SDK finds (environment, profile, or role of this host)'
const CLOCK = 'the clock of this host is wrong: let NTP set it'
const BUSY = 'give the table on-demand capacity or more of it; asking again may help'
const DEADLINE = 'look at the network to that region, or give marks.dynamodb.timeout_ms more time'

/** Why a request failed and what to do, by the names that DynamoDB and the SDK give their errors. */
const WORDS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ResourceNotFoundException: [
    'there is no such table',
    'create it, or mend table and region of marks.dynamodb',
  ],
  AccessDeniedException: [
    'it refused the access',
    'give the role the rights of docs/shared-marks-dynamodb.md',
  ],
  UnrecognizedClientException: ['it does not know the credentials', CREDENTIALS],
  InvalidAccessKeyId: ['it does not know the credentials', CREDENTIALS],
  InvalidClientTokenId: ['it does not know the credentials', CREDENTIALS],
  MissingAuthenticationTokenException: ['it missed credentials', CREDENTIALS],
  IncompleteSignatureException: ['it could not read the signature of the request', CREDENTIALS],
  ExpiredTokenException: ['the credentials are out of date', CREDENTIALS],
  InvalidSignatureException: [
    'it did not accept the signature of the request',
    `either ${CLOCK}, or ${CREDENTIALS}`,
  ],
  SignatureDoesNotMatch: ['it did not accept the signature of the request', CREDENTIALS],
  RequestTimeTooSkewed: ['it found the time of the request too far away', CLOCK],
  RequestExpired: ['it found the request out of date', CLOCK],
  RequestInTheFuture: ['it found the request to be of the future', CLOCK],
  ProvisionedThroughputExceededException: ['it has no capacity left', BUSY],
  ThrottlingException: ['it throttles requests', BUSY],
  RequestLimitExceeded: ['it throttles requests', BUSY],
  ReplicatedWriteConflictException: ['another region writes the same item', 'ask again'],
  CredentialsProviderError: ['the AWS SDK found no credentials', CREDENTIALS],
  TokenProviderError: ['the AWS SDK found no credentials', CREDENTIALS],
  TimeoutError: ['it did not answer in time', DEADLINE],
  AbortError: ['it did not answer in time', DEADLINE],
  SyntaxError: ['what answered is not DynamoDB', 'mend endpoint of marks.dynamodb, or the proxy on the way'],
  ECONNREFUSED: ['the connection was refused', 'start the service, or mend endpoint of marks.dynamodb'],
  ECONNRESET: ['the connection was cut off', 'ask again'],
  EPIPE: ['the connection was cut off', 'ask again'],
  ENOTFOUND: ['its name is not known', 'mend region or endpoint of marks.dynamodb, or the name server'],
  EAI_AGAIN: ['the name server did not answer', 'mend the network of this host'],
}

/** What names the SDK's error, for `ConditionalCheckFailedException` among others. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/**
 * What a failed request means for marks; `withinMs` where it is the last failure that the time was enough for. The texts of DynamoDB and of the SDK are left out, and so is the error itself:
 * a refused signature is explained with headers of the request, session tokens among them.
 */
export function dynamoDbFailure(error: unknown, place: TablePlace, withinMs?: number): StateError {
  if (error instanceof StateError) return error
  const where = placeText(place)
  const name = errorName(error)
  if (name === 'ValidationException') {
    const text = `${where} does not take what this program writes (ValidationException)`
    return new StateError(
      'marks-schema',
      `${text}; its only key has to be the partition key sig_type, a string: create a table with that key`,
    )
  }
  const [what, remedy] = words(error)
  const time = withinMs === undefined ? '' : ` within ${withinMs} ms`
  return new StateError('marks-unavailable', `${where} gave no answer that counts${time}: ${what}; ${remedy}`)
}

function words(error: unknown): readonly [string, string] {
  const code = systemErrorCode(error)
  const name = errorName(error)
  // the code first: to the SDK a connection that was cut off is a TimeoutError too
  const known = [code, name].find((key): key is string => key !== undefined && Object.hasOwn(WORDS, key))
  const [what, remedy] = (known === undefined ? undefined : WORDS[known]) ?? unknownWords(error, code)
  const label = known ?? (name === 'Error' ? (code ?? name) : name)
  return [`${what} (${printable(label)})`, remedy]
}

function unknownWords(error: unknown, code: string | undefined): readonly [string, string] {
  const status = httpStatus(error)
  if (status !== undefined && status >= 500)
    return [`it failed with status ${status}`, 'asking again may help']
  if (
    code?.includes('CERT') === true ||
    code?.includes('ALTNAME') === true ||
    code?.includes('SSL') === true
  ) {
    return [
      'its certificate is not trusted',
      'mend endpoint of marks.dynamodb, or the certificates of this host',
    ]
  }
  const told = status === undefined ? '' : ` with status ${status}`
  return [`it failed${told}`, 'look up the name of the error in the documentation of DynamoDB']
}

/** Error names of the service are letters; what answers in its place may say anything. */
function printable(name: string): string {
  return name.replace(/[^\w#.-]/g, '?').slice(0, 60)
}

function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}
