import type { TableDescription } from '@aws-sdk/client-dynamodb'
import { StateError } from '../../policy/index.js'
import type { Call } from './call.js'
import { placeText, type TablePlace } from './dynamodb-failure.js'
import { PROBE_NAME } from './item-name.js'
import { KEY_ATTRIBUTE } from './mark-item.js'

/** Never holds: what is asked with it changes nothing. */
const NEVER = { text: 'attribute_exists(#sig_type) AND attribute_not_exists(#sig_type)', values: {} }

/** Looks at the table's form, and whether this host may read and write items. Rejects where marks cannot be kept in it. */
export async function checkTable(call: Call, place: TablePlace): Promise<void> {
  const fault = tableFault(await call.describe(), place)
  if (fault !== undefined) throw fault
  await call.write(PROBE_NAME, { tezio: { BOOL: false } }, NEVER)
  await call.items().next()
}

function tableFault(table: TableDescription | undefined, place: TablePlace): StateError | undefined {
  const where = placeText(place)
  const status = table?.TableStatus ?? 'UNKNOWN'
  // while it is UPDATING, a table serves as before
  if (table === undefined || !['ACTIVE', 'UPDATING'].includes(status)) {
    const text = `${where} cannot be used in its status ${status}`
    return new StateError('marks-unavailable', `${text}; wait until it is ACTIVE, or create it`)
  }
  const keys = (table.KeySchema ?? []).map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`)
  const type = table.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === KEY_ATTRIBUTE)
  if (keys.join() !== `${KEY_ATTRIBUTE} HASH` || type?.AttributeType !== 'S') {
    const text = `${where} has the key ${keys.join(' and ')}, and needs only the partition key ${KEY_ATTRIBUTE}, a string`
    const remedy =
      'create a table with that key; docs/shared-marks-dynamodb.md tells how to move marks into it'
    return new StateError('marks-schema', `${text}: ${remedy}`)
  }
  const isGlobal = (table.Replicas ?? []).length > 0 || table.GlobalTableVersion !== undefined
  if (isGlobal && table.MultiRegionConsistency !== 'STRONG') {
    const text = `${where} is a global table whose regions agree only later, so that two of them could each raise a mark`
    return new StateError(
      'marks-schema',
      `${text}: take its replicas away, or create one with strong consistency over regions`,
    )
  }
  return undefined
}
