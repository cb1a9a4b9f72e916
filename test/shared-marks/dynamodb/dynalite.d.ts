declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** An in-process DynamoDB; closing the server closes its store too. */
  export default function dynalite(options: {
    readonly ssl?: boolean
    readonly createTableMs?: number
    readonly deleteTableMs?: number
    readonly updateTableMs?: number
  }): Server
}

declare module 'dynalite/db/index.js' {
  type Refusal = Error & { readonly body: Record<string, unknown> }
  type Request = { readonly TableName: string; readonly ReturnValuesOnConditionCheckFailure?: string }

  const db: {
    /** Why a conditional request is refused, found while the item is locked; nothing when it is let through. */
    checkConditional: (request: Request, item: object | undefined) => Refusal | null | undefined
  }
  export default db
}

declare module 'dynalite/validations/updateItem.js' {
  /** The fields of a request; all others are dropped before it is served. */
  const validation: { readonly types: Record<string, { readonly type: string }> }
  export default validation
}
