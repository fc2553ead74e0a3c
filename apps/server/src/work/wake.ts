import type { PgBoss } from 'pg-boss';

/** The kinds of work that may be woken from another process. */
export const wakeKinds = ['sync', 'fold', 'send', 'writeback'] as const;
export type WakeKind = (typeof wakeKinds)[number];

export interface Wake {
  readonly workspaceId: string;
  readonly installationId?: string;
}

/**
 * Wake-ups between processes by pg-boss. A job is a wake-up and the row is the truth, so a job may be lost, doubled or coalesced: every
 * worker sweeps the rows as well.
 */
export interface Wakes {
  readonly send: (kind: WakeKind, wake: Wake) => void;
  readonly stop: () => Promise<void>;
}

const queueOf = (kind: WakeKind): string => `waymark-${kind}`;

/** Opens the queues, sends wake-ups, and hands those of the kinds that this process works on to their handler. */
export async function openWakes(
  boss: PgBoss,
  handlers: Partial<Record<WakeKind, (wake: Wake) => void>>,
  onError: (error: unknown) => void,
): Promise<Wakes> {
  for (const kind of wakeKinds) {
    // `short`: one waiting job for each key, so that a burst of wakes is one.
    await boss.createQueue(queueOf(kind), {
      policy: 'short',
      notify: true,
      retryLimit: 0,
      expireInSeconds: 60,
      deleteAfterSeconds: 60,
    });
    const handler = handlers[kind];
    if (!handler) continue;
    await boss.work<Wake>(queueOf(kind), { pollingIntervalSeconds: 5, batchSize: 50 }, (jobs) => {
      for (const job of jobs) handler(job.data);
      return Promise.resolve();
    });
  }
  return {
    send: (kind, wake) => {
      const singletonKey = `${wake.workspaceId}:${wake.installationId ?? ''}`;
      boss.send(queueOf(kind), { ...wake }, { singletonKey }).catch(onError);
    },
    stop: () => boss.stop({ graceful: true, timeout: 5000 }),
  };
}
