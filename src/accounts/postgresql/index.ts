/** Accounts in the PostgreSQL of the marks; loaded only where both are configured. */
export { PostgresqlAccounts } from './postgresql-accounts.js'
export { ACCOUNT_TABLES, accountGrants } from './schema.js'
