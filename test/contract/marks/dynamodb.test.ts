import { afterAll, beforeAll, vi } from 'vitest'
import { DynamoDbTable } from '../../../src/shared-marks/index.js'
import { LocalDynamoDb, SILENT } from '../../shared-marks/dynamodb/local-dynamodb.js'
import type { TableFactory } from './factory.js'
import { testMarksTable } from './marks-table-suite.js'
import { testMarkStore } from './mark-store-suite.js'
import { sharedMarksOn } from './stores.js'

let dynamoDb: LocalDynamoDb
beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATESTS')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of-tests')
  dynamoDb = await LocalDynamoDb.start()
})
afterAll(async () => {
  await dynamoDb.close()
  vi.unstubAllEnvs()
})

let count = 0

function dynamoDbTable(name: string, prefix: string): TableFactory {
  return {
    name,
    open: async () => {
      const table = `${prefix}-${++count}`
      await dynamoDb.createTable(table)
      const place = { table, region: 'eu-west-1', endpoint: dynamoDb.url, timeoutMs: 15_000 }
      const one = await DynamoDbTable.open({ ...place, host: 'one' })
      const other = await DynamoDbTable.open({ ...place, host: 'other' })
      const close = async () => {
        await Promise.all([one.close(), other.close()])
      }
      return { one, other, close }
    },
  }
}

const told = dynamoDbTable('a table in DynamoDB', 'signer')
testMarksTable(told)
testMarksTable(dynamoDbTable('a table in a DynamoDB that does not tell what stood', SILENT), { runs: 10 })
testMarkStore(sharedMarksOn(told))
