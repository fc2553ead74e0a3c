import { foldDue } from '@waymark/sync';
import { hurryWakes } from '@waymark/store';
import { slackPlanner, type Waymark } from '@waymark/server';

/** Folds everything that is due, in this process; what follows from it is written for the server to send. */
export async function foldAll(
  waymark: Waymark,
  workspaceId: string,
  onFolded: (accounts: number) => void = () => undefined,
): Promise<number> {
  const { database, now, point } = waymark;
  const afterFold = slackPlanner(waymark);
  await database.inWorkspace(workspaceId, (tx) => hurryWakes(tx, now()), { retry: true });
  let folded = 0;
  for (;;) {
    const batch = await foldDue({ database, workspaceId, now, point, afterFold });
    if (batch === 0) return folded;
    folded += batch;
    onFolded(folded);
  }
}
