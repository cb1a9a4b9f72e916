/** Marks that hosts share in a DynamoDB table. */
export type { DynamoDbOptions } from './connection.js'
export type { DynamoDbEvent } from './dynamodb-event.js'
export { DynamoDbTable } from './dynamodb-table.js'
export { endpointFault } from './endpoint.js'
