import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { startWaymark } from './waymark-process.ts';

/** A home and a database of their own, in which the real command runs. */
export interface CommandHome {
  readonly database: TestDatabase;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  waymark(...args: readonly string[]): ReturnType<typeof startWaymark>['ended'];
  close(): Promise<void>;
}

export async function commandHome(name: string): Promise<CommandHome> {
  const database = await testDatabase();
  const folder = await temporaryHome(name);
  const env = {
    DATABASE_URL: database.url,
    WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
    WAYMARK_HOME: folder,
    WAYMARK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    WAYMARK_LOG: 'silent',
  };
  return {
    database,
    folder,
    env,
    waymark: (...args) => startWaymark(args, env).ended,
    async close() {
      await database.close();
      await removeHome(folder);
    },
  };
}
