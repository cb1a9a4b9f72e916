import type {
  AttributeValue,
  DynamoDBClient,
  TableDescription,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb'
import { StateError } from '../../policy/index.js'
import type { DynamoDbEvent } from './dynamodb-event.js'
import type { DynamoDbSdk } from './load-sdk.js'
import { KEY_ATTRIBUTE, type Item } from './mark-item.js'
import type { Condition } from './raise-condition.js'

/** A change of one item: `own` becomes the whole of our attribute, `shared` are attributes beside it. */
export type Change = {
  readonly name: string
  readonly own: Item
  readonly shared?: Item
  readonly condition: Condition
}

/** What became of a change: `written` by this very call, or `refused`; and the item that stands, if there is one. */
export type Changed = { readonly outcome: 'written' | 'refused'; readonly item: Item | undefined }

export type CallOptions = {
  readonly sdk: DynamoDbSdk
  readonly client: DynamoDBClient
  readonly table: string
  /** Aborted when the time of the whole operation is over. */
  readonly signal: AbortSignal
  readonly host: string
  readonly newToken: () => string
  readonly wallClock: () => Date
  /** The server's time by its latest answer. */
  readonly serverTime: () => Date | undefined
  readonly onEvent: (event: DynamoDbEvent) => void
}

/** Outside the SDK's step of this name, which makes errors of answers, and inside its retries. */
const EACH_ATTEMPT = { step: 'deserialize', priority: 'high', name: 'noteFailure' } as const

/** The requests of one operation, which all end with its deadline. They reject with what the SDK throws. */
export class Call {
  readonly #options: CallOptions
  #lastFailure: unknown

  constructor(options: CallOptions) {
    this.#options = options
  }

  /** What the latest attempt that failed met; `undefined` when none did. */
  lastFailure(): unknown {
    return this.#lastFailure
  }

  /** One item, strongly consistent. */
  async get(name: string): Promise<Item | undefined> {
    const { sdk, client, table, signal } = this.#options
    const command = new sdk.GetItemCommand({ TableName: table, Key: keyOf(name), ConsistentRead: true })
    command.middlewareStack.add((next) => (args) => this.#noting(next(args)), EACH_ATTEMPT)
    const { Item: item, $metadata } = await client.send(command, { abortSignal: signal })
    this.#tell($metadata)
    return item
  }

  /** All items, page by page, strongly consistent. */
  async *items(): AsyncGenerator<Item> {
    const { sdk, client, table, signal } = this.#options
    let from: Record<string, AttributeValue> | undefined
    do {
      const page = { TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }
      const command = new sdk.ScanCommand(page)
      command.middlewareStack.add((next) => (args) => this.#noting(next(args)), EACH_ATTEMPT)
      const { Items = [], LastEvaluatedKey, $metadata } = await client.send(command, { abortSignal: signal })
      this.#tell($metadata)
      yield* Items
      from = LastEvaluatedKey
    } while (from !== undefined)
  }

  /** The server's time by its latest answer. Throws where that had none. */
  serverTime(): Date {
    const time = this.#options.serverTime()
    if (time !== undefined) return time
    const text = 'what answered for the marks table did not say what time it is (Date)'
    throw new StateError(
      'marks-unavailable',
      `${text}; mend endpoint of marks.dynamodb, or the proxy on the way`,
    )
  }

  async describe(): Promise<TableDescription | undefined> {
    const { sdk, client, table, signal } = this.#options
    const command = new sdk.DescribeTableCommand({ TableName: table })
    command.middlewareStack.add((next) => (args) => this.#noting(next(args)), EACH_ATTEMPT)
    return (await client.send(command, { abortSignal: signal })).Table
  }

  /**
   * One conditional write. Every change carries a token of its own, which all attempts of the SDK share: that of an
   * attempt whose answer was lost is found in what stands, and nothing counts as written without it.
   */
  async change({ name, own, shared = {}, condition }: Change): Promise<Changed> {
    const { host, newToken, wallClock } = this.#options
    const token = newToken()
    const at = wallClock().toISOString()
    const stamped = { M: { ...own, at: { S: at }, by: { S: host }, token: { S: token } } }
    const changed = await this.write(name, { tezio: stamped, ...shared }, condition)
    const isOwn = changed.item?.['tezio']?.M?.['token']?.S === token
    if (changed.outcome === 'written' && !isOwn) {
      const text = 'the marks table accepted a change, but what it says it holds now is something else'
      throw new StateError(
        'marks-unavailable',
        `${text}; mend endpoint of marks.dynamodb, or the proxy on the way`,
      )
    }
    return { ...changed, outcome: isOwn ? 'written' : 'refused' }
  }

  /** Sets attributes, named as paths, where the condition holds; the item is what stands after it. */
  async write(name: string, attributes: Item, condition: Condition): Promise<Changed> {
    const { sdk, client, table, signal } = this.#options
    const input = updateInput(table, name, attributes, condition)
    const command = new sdk.UpdateItemCommand(input)
    command.middlewareStack.add((next) => (args) => this.#noting(next(args)), EACH_ATTEMPT)
    try {
      const { Attributes: item, $metadata } = await client.send(command, { abortSignal: signal })
      this.#tell($metadata)
      return { outcome: 'written', item }
    } catch (error) {
      if (!(error instanceof sdk.ConditionalCheckFailedException)) throw error
      this.#tell(error.$metadata)
      if (error.Item !== undefined) return { outcome: 'refused', item: error.Item }
      // there is none, or the server is of the kinds that do not say what stands
      return { outcome: 'refused', item: await this.get(name) }
    }
  }

  /** The SDK tries again without telling why. */
  async #noting<T>(attempt: Promise<T>): Promise<T> {
    try {
      return await attempt
    } catch (error) {
      const { signal, sdk } = this.#options
      const isAnswer = error instanceof sdk.ConditionalCheckFailedException
      if (!isAnswer && !signal.aborted) this.#lastFailure = error
      throw error
    }
  }

  #tell({ attempts = 1, totalRetryDelay = 0 }: UpdateItemCommandOutput['$metadata']): void {
    if (attempts > 1) {
      const waitedMs = Math.round(totalRetryDelay)
      this.#options.onEvent({ event: 'dynamodb.asked-again', attempts, waitedMs })
    }
  }
}

function keyOf(name: string): Record<string, AttributeValue> {
  return { [KEY_ATTRIBUTE]: { S: name } }
}

function updateInput(
  table: string,
  name: string,
  attributes: Item,
  { text: condition, values }: Condition,
): UpdateItemCommandInput {
  const paths = Object.keys(attributes).map((path, index) => [dotted(path), `:set${index}`] as const)
  const update = `SET ${paths.map(([path, value]) => `${path} = ${value}`).join(', ')}`
  const set = Object.fromEntries(Object.values(attributes).map((value, index) => [`:set${index}`, value]))
  return {
    TableName: table,
    Key: keyOf(name),
    UpdateExpression: update,
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(`${update} ${condition}`),
    ExpressionAttributeValues: { ...values, ...set },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

/** `tezio.signature` becomes `#tezio.#signature`: many of our words are reserved in expressions. */
function dotted(path: string): string {
  return path
    .split('.')
    .map((part) => `#${part}`)
    .join('.')
}

/** DynamoDB refuses names that no expression uses. */
function namesIn(expressions: string): Record<string, string> {
  return Object.fromEntries([...expressions.matchAll(/#(\w+)/g)].map(([name, word = '']) => [name, word]))
}
