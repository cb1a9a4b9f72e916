import { readDatabaseUrl, readDeviceKind, readEndpoint, readObjectId } from './device-values.js'
import { readFilePath } from './proof-values.js'
import { leaf, oneOrMore, section, table } from './schema-forms.js'
import { readDevicePort, readLevelGap, readText, wholeNumber } from './values.js'

const MILLISECONDS = ' (milliseconds)'

const tokenKey = section({ label: leaf(readText), id: leaf(readObjectId) })

/** One device. */
export const deviceSection = section({
  kind: leaf(readDeviceKind),
  port: leaf(readDevicePort),
  serial_number: leaf(readText),
  timeout_ms: leaf(wholeNumber(200, 10_000, MILLISECONDS)),
  module: leaf(readFilePath),
  token: section({ label: leaf(readText), serial: leaf(readText) }).optional(),
  pin_file: leaf(readFilePath),
  keys: table(tokenKey).nullish(),
})

const storeTimeout = leaf(wholeNumber(100, 5000, MILLISECONDS))

/** Where marks are kept. */
export const marksSection = section({
  max_level_gap: leaf(readLevelGap),
  postgresql: section({
    url: oneOrMore(readDatabaseUrl),
    passfile: leaf(readFilePath),
    timeout_ms: storeTimeout,
  }).optional(),
  dynamodb: section({
    table: leaf(readText),
    region: leaf(readText),
    endpoint: leaf(readEndpoint),
    timeout_ms: storeTimeout,
  }).optional(),
})
