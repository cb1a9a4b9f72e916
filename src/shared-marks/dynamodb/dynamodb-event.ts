/** A request of which the SDK had to send more than one. */
export type DynamoDbEvent = {
  readonly event: 'dynamodb.asked-again'
  readonly attempts: number
  /** What it waited between them, in all. */
  readonly waitedMs: number
}
