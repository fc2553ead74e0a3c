import { errorCode } from '@waymark/store';
import { ConfigurationError, type Configuration } from './configuration.ts';

/** What a folder answers that cannot be made or written: https://nodejs.org/api/errors.html#common-system-errors. */
const folderCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ENAMETOOLONG',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);
/** What an address answers where no PostgreSQL is, or one that does not let us in: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const serverCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hangs up',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'no way leads there',
  ENOTFOUND: 'there is no machine of that name',
  ETIMEDOUT: 'it does not answer',
  '28000': 'it does not let this user in',
  '28P01': 'it refuses the password',
  '3D000': 'it has no such database',
};

/** Opens what the settings name. Where a folder or a server cannot be used, throws ConfigurationError that names the setting. */
export async function opening<T>(
  { home, databaseUrl }: Pick<Configuration, 'home' | 'databaseUrl'>,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (error instanceof Error && 'syscall' in error && 'path' in error && folderCodes.has(code))
      throw new ConfigurationError(
        `The folder ${home} cannot be used (${code}): set WAYMARK_HOME to one that this user may make and write.`,
      );
    const why = serverCodes[code];
    if (databaseUrl !== undefined && why !== undefined)
      throw new ConfigurationError(
        `The PostgreSQL of DATABASE_URL cannot be used: ${why} (${code}). See that it runs, and that the address is postgresql://user:password@host/database.`,
      );
    throw error;
  }
}
