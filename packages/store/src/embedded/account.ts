import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The account that the server runs as: `nobody`'s number for root, whom PostgreSQL refuses; else the one who runs Waymark. */
export type ServerAccount = { readonly uid: number; readonly gid: number; readonly switched: boolean };

const nobody = 65534;

/** Which account the server is to run as. No account is made on the machine: the number is enough. */
export function serverAccount(): ServerAccount {
  const uid = process.getuid?.() ?? -1;
  return uid === 0
    ? { uid: nobody, gid: nobody, switched: true }
    : { uid, gid: process.getgid?.() ?? -1, switched: false };
}

/** What `spawn` needs to run a program as that account; empty where it is one's own. */
export function spawnAs(account: ServerAccount): { readonly uid?: number; readonly gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

/** Whether the account can enter every folder above the path. Always true for one's own. */
export async function reachable(path: string, account: ServerAccount): Promise<boolean> {
  if (!account.switched) return true;
  await lstat(path);
  for (let at = dirname(await realpath(path)); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
