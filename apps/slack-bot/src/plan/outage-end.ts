import type { NoticeContent } from '@waymark/alerts';
import {
  enqueue,
  gaps,
  installations,
  outageNotices,
  reviseAlertMessage,
  type AlertMessage,
  type Tx,
} from '@waymark/store';
import { z } from 'zod';
import type { Outage } from './outage-notice.ts';

const told = z.array(z.object({ key: z.string(), subject: z.string(), name: z.string(), ended: z.boolean() }));
type Told = z.infer<typeof told>[number];

/** The outages that a notice tells of; those of a notice that was written before ends were told count as over. */
export function toldOf(notice: AlertMessage): readonly Told[] {
  const parsed = told.safeParse(notice.detail.told);
  if (parsed.success) return parsed.data;
  const keys = z.array(z.string()).catch([]).parse(notice.detail.outages);
  return keys.map((key) => ({ key, subject: key, name: '', ended: true }));
}

/**
 * Says under the notice of an outage, once, that it is over: what was missed has been read, or nothing is awaited any more. Call it under
 * the lock of the Slack install. Returns how many replies were written.
 */
export async function planOutageEnds(
  tx: Tx,
  on: { readonly teamId: string; readonly outages: readonly Outage[]; readonly now: number },
): Promise<number> {
  const { teamId, outages, now } = on;
  // What was missed has yet to be read where the gap is only closed.
  const unread = new Set((await gaps(tx, { unhealedOnly: true })).map((gap) => `installation ${gap.installationId}`));
  const going = new Set(outages.map((one) => one.subject));
  const connected = new Set(
    (await installations(tx)).flatMap((one) =>
      one.status === 'disabled' ? [] : [`installation ${one.installationId}`, `silent ${one.installationId}`],
    ),
  );
  const isGone = (subject: string) => /^(installation|silent) /.test(subject) && !connected.has(subject);
  let replies = 0;
  for (const notice of await outageNotices(tx)) {
    const all = toldOf(notice);
    const isOver = ({ subject }: Told) => isGone(subject) || (!going.has(subject) && !unread.has(subject));
    const over = all.filter((one) => !one.ended && isOver(one));
    const left = all.filter((one) => !one.ended && !isOver(one));
    if (over.length === 0 && left.length > 0) continue;
    const detail = { ...notice.detail, told: all.map((one) => ({ ...one, ended: one.ended || isOver(one) })) };
    await reviseAlertMessage(
      tx,
      notice.messageId,
      { contentDigest: notice.contentDigest, detail, closed: left.length === 0 },
      now,
    );
    if (over.length === 0 || notice.teamId !== teamId) continue;
    const content: NoticeContent = {
      kind: 'notice',
      title: over.length === 1 ? 'The source is seen again' : `${over.length} sources are seen again`,
      lines: [
        ...over.map(({ subject, name }) =>
          isGone(subject)
            ? `${name}: it is no longer connected, so nothing is awaited from it.`
            : subject.startsWith('silent ')
              ? `${name}: it tells of customers again.`
              : `${name}: what was missed has been read.`,
        ),
        left.length === 0
          ? 'Customers who looked quiet through it are judged again, with all that is known now.'
          : `Still not seen: ${left.map(({ name }) => name).join(', ')}.`,
      ],
    };
    await enqueue(
      tx,
      {
        alertKey: `${teamId}:notice:outage-end:${over.map(({ key }) => key).join()}`,
        messageId: notice.messageId,
        teamId,
        action: 'reply',
        payload: { content },
        heldUntil: null,
        heldReason: null,
      },
      now,
    );
    replies += 1;
  }
  return replies;
}
