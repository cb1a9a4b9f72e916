import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type AttributeValue,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import db from 'dynalite/db/index.js'
import updateItem from 'dynalite/validations/updateItem.js'

/** Tables with such names leave out what stood when a condition failed, like servers that do not know to tell it. */
export const SILENT = 'silent'

// DynamoDB tells what stood when a condition failed, if it is asked to; dynalite 4 does not know to
updateItem.types['ReturnValuesOnConditionCheckFailure'] = { type: 'String' }
const { checkConditional } = db
db.checkConditional = (request, item) => {
  const refusal = checkConditional(request, item)
  const isAsked = request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
  if (refusal && item !== undefined && isAsked && !request.TableName.startsWith(SILENT)) {
    refusal.body['Item'] = item
  }
  return refusal
}

/** An item as tests write it. */
export type TestItem = Record<string, AttributeValue>

/** A DynamoDB in this process, over real HTTP on loopback. */
export class LocalDynamoDb {
  readonly #server: Server
  /** What tests ask with, beside the table under test. */
  readonly client: DynamoDBClient

  private constructor(server: Server) {
    this.#server = server
    this.client = new DynamoDBClient({
      region: 'eu-west-1',
      endpoint: this.url,
      credentials: { accessKeyId: 'AKIATESTS', secretAccessKey: 'of-tests' },
    })
  }

  /** With `ssl` it has a certificate that nobody trusts. */
  static async start({ ssl = false } = {}): Promise<LocalDynamoDb> {
    const server = dynalite({ ssl, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new LocalDynamoDb(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** A table with tacoinfra's key, unless told. */
  async createTable(name: string, rest: Partial<CreateTableCommandInput> = {}): Promise<void> {
    await this.client.send(
      new CreateTableCommand({
        TableName: name,
        AttributeDefinitions: [{ AttributeName: 'sig_type', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'sig_type', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...rest,
      }),
    )
  }

  async remove(table: string, name: string): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: table, Key: { sig_type: { S: name } } }))
  }

  async put(table: string, item: TestItem): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: table, Item: item }))
  }

  /** An item that has to be there. */
  async item(table: string, name: string): Promise<TestItem> {
    const command = new GetItemCommand({
      TableName: table,
      Key: { sig_type: { S: name } },
      ConsistentRead: true,
    })
    const { Item } = await this.client.send(command)
    if (Item === undefined) throw new Error(`no item ${name}`)
    return Item
  }

  /** What tacoinfra's remote-signer does to raise its mark (its ddbchainratchet.py): whether it lets a request through. */
  async tacoinfraCheck(table: string, name: string, level: number, round: number): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: table,
      Item: tacoinfraItem(name, level, round),
      ConditionExpression:
        'attribute_not_exists(sig_type) OR (lastblock < :l OR (lastblock = :l AND lastround < :r))',
      ExpressionAttributeValues: { ':l': { N: String(level) }, ':r': { N: String(round) } },
    })
    try {
      await this.client.send(command)
      return true
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
      throw error
    }
  }

  async close(): Promise<void> {
    this.client.destroy()
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
      this.#server.closeAllConnections()
    })
  }
}

/** An item in the exact shape that tacoinfra's remote-signer writes. */
export function tacoinfraItem(name: string, level: number, round: number): TestItem {
  return { sig_type: { S: name }, lastblock: { N: String(level) }, lastround: { N: String(round) } }
}
