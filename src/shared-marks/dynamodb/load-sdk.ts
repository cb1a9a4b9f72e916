import type * as Sdk from '@aws-sdk/client-dynamodb'
import { StateError } from '../../policy/index.js'
import { systemErrorCode } from '../../system-error.js'

/** The AWS SDK's part for DynamoDB. */
export type DynamoDbSdk = typeof Sdk

/** The switch that the SDK has for its warning about old versions of Node. */
const NO_VERSION_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'

/** Loads the SDK, an optional package. Rejects with the remedy where it is not installed. */
export async function loadSdk(
  load: () => Promise<DynamoDbSdk> = () => import('@aws-sdk/client-dynamodb'),
): Promise<DynamoDbSdk> {
  // it warns through process.emitWarning, which would stand between the JSON lines of the log
  process.env[NO_VERSION_WARNING] ??= 'true'
  try {
    return await load()
  } catch (error) {
    const code = systemErrorCode(error) ?? 'no code'
    const reason = code === 'ERR_MODULE_NOT_FOUND' ? 'it is not installed' : `loading it failed (${code})`
    const remedy = 'npm install @aws-sdk/client-dynamodb beside tezio-bridge, or take marks.dynamodb out'
    const text = `marks.dynamodb needs the package @aws-sdk/client-dynamodb: ${reason}`
    throw new StateError('marks-unavailable', `${text}; ${remedy}`)
  }
}
