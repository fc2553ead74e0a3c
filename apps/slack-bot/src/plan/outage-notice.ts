import type { NoticeContent } from '@waymark/alerts';
import {
  addAlertMessage,
  enqueue,
  flags as readFlags,
  gaps,
  installations,
  outageNotices,
  readTokens,
  sourceOutagesInForce,
  type Tx,
} from '@waymark/store';
import { slackInstallation } from '../installation.ts';
import { planOutageEnds, toldOf } from './outage-end.ts';

/** Something that is not watched now. Since an instant in epoch milliseconds. */
export interface Outage {
  /** One outage of it. */
  readonly key: string;
  /** What is not watched: `installation <id>`, `silent <installation>` or `source <name>`. */
  readonly subject: string;
  readonly name: string;
  readonly since: number;
  readonly why: string;
  readonly fix: string;
}

/**
 * Tells the admin once of each outage that keeps silence from being judged: one notice a workspace, however many customers look quiet
 * through it; and under that notice, once, that it is over. Nothing is told of an outage that hides nobody. Returns how many messages
 * were written.
 */
export async function planOutageNotice(tx: Tx, now: number): Promise<number> {
  const installation = await slackInstallation(tx);
  if (installation?.status !== 'active' || installation.slack.alertsFrom === null) return 0;
  const { teamId, installedBy } = installation.slack;
  if (installedBy === null) return 0;
  const hidden = (await readFlags(tx, { openOnly: true })).filter((flag) => flag.rule === 'data_gap');
  const goesOn = (await outageNotices(tx)).length > 0;
  if (hidden.length === 0 && !goesOn) return 0;
  // The row's lock lets one of several processes tell.
  await readTokens(tx, installation.installationId, true);
  const outages = await outagesNow(tx);
  const over = goesOn ? await planOutageEnds(tx, { teamId, outages, now }) : 0;
  if (hidden.length === 0 || outages.length === 0) return over;
  const notices = await outageNotices(tx, { closedToo: true });
  const told = new Set(notices.flatMap((one) => toldOf(one).map(({ key }) => key)));
  // A source of several streams is not told of again where one of them is read first.
  const open = new Set(notices.flatMap((one) => toldOf(one).flatMap(({ subject, ended }) => (ended ? [] : [subject]))));
  const fresh = outages.filter((one) => !told.has(one.key) && !open.has(one.subject));
  if (fresh.length === 0) return over;
  const customers = new Set(hidden.map((flag) => flag.accountId)).size;
  const content: NoticeContent = {
    kind: 'notice',
    title: fresh.length === 1 ? 'A source is not seen' : `${fresh.length} sources are not seen`,
    lines: [
      ...fresh.slice(0, 10).map(({ name, since, why, fix }) => `${name}: since ${dayOf(since)}. ${why} ${fix}`),
      ...(fresh.length > 10 ? [`And ${fresh.length - 10} more: waymark doctor names them.`] : []),
      `${customers === 1 ? 'One customer looks' : `${customers} customers look`} quiet, which proves nothing for now: no alert is made of it. ` +
        'They are judged again once what was missed has been read.',
    ],
  };
  const keys = fresh.map((one) => one.key);
  const messageId = await addAlertMessage(
    tx,
    {
      accountId: null,
      kind: 'notice',
      teamId,
      destination: `user:${installedBy}`,
      contentDigest: null,
      detail: {
        candidates: [{ kind: 'user', slackUserId: installedBy }],
        outages: keys,
        told: fresh.map(({ key, subject, name }) => ({ key, subject, name, ended: false })),
      },
    },
    now,
  );
  const row = { messageId, teamId, action: 'post' as const, heldUntil: null, heldReason: null };
  await enqueue(tx, { ...row, alertKey: `${teamId}:notice:outage:${keys.join()}`, payload: { content } }, now);
  return over + 1;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** What is not watched now: one for each installation that is not read or tells nothing and each imported source, whatever of it is missing. */
async function outagesNow(tx: Tx): Promise<readonly Outage[]> {
  const open = (await gaps(tx, { unhealedOnly: true })).filter((gap) => gap.to === null);
  const byInstallation = Map.groupBy(open, (gap) => gap.installationId);
  const known = new Map((await installations(tx)).map((one) => [one.installationId, one]));
  const cutOff = [...byInstallation].flatMap(([id, [first]]): Outage[] => {
    const one = known.get(id);
    if (!one || !first) return [];
    return [
      {
        key: `installation ${id} ${first.from}`,
        subject: `installation ${id}`,
        name: `${one.connector} ${one.label}`,
        since: first.from,
        why: first.reason,
        fix: 'waymark doctor says what to do.',
      },
    ];
  });
  const outages = (await sourceOutagesInForce(tx)).filter((one) => one.to === null);
  const silent = Map.groupBy(
    outages.filter((one) => one.installationId === null),
    (one) => one.source,
  );
  const quiet = Map.groupBy(
    outages.filter((one) => one.installationId !== null),
    (one) => one.source,
  );
  return [
    ...cutOff,
    ...[...quiet].flatMap(([id, all]): Outage[] => {
      const one = known.get(id);
      if (!one) return [];
      const since = Math.min(...all.map(({ from }) => from));
      return [
        {
          key: `silent ${id} ${since}`,
          subject: `silent ${id}`,
          name: `${one.connector} ${one.label}`,
          since,
          why: 'It is read without an error and tells nothing of anybody, far longer than is usual with it.',
          fix: 'See there whether its rights were narrowed or a rule hides what comes; disconnect it if nobody uses it any more.',
        },
      ];
    }),
    ...[...silent].flatMap(([source, all]): Outage[] => {
      const since = Math.min(...all.map((one) => one.from));
      return [
        {
          key: `source ${source} ${since}`,
          subject: `source ${source}`,
          name: `Imports of ${source}`,
          since,
          why: 'Nothing came from it about anybody, far longer than is usual with it.',
          fix: 'Import what has happened since.',
        },
      ];
    }),
  ];
}
