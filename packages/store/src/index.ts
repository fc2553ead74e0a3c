export { openDatabase, type Database, type DatabaseOptions } from './database.ts';
export { type Target, targetUrl } from './connection.ts';
export { errorCode, StoreError, type StoreErrorCode } from './errors.ts';
export { type Transaction, type TransactionOptions, type Tx, type WorkspaceTransaction } from './tenancy.ts';
export { openJobs } from './jobs.ts';
