import { contentUuid } from '@waymark/journey';
import type { Flag } from '@waymark/lifecycle';

/** What the engine would say: a flag of a rule that is open, with its proof. Times are epoch milliseconds. */
export function rigFlag(accountId: string, rule: string, more: Partial<Flag> & Pick<Flag, 'openedAt'>): Flag {
  const { openedAt } = more;
  return {
    flagId: contentUuid('flag', accountId, rule, String(openedAt)),
    rule,
    ruleVersion: 1,
    kind: 'risk',
    severity: 'high',
    title: 'Gone quiet',
    reason: 'No word from the customer for 34 days; usual gap 6 days',
    nextStep: 'Call the champion and ask what has changed.',
    clearedAt: null,
    proof: {
      rule,
      ruleVersion: 1,
      definition: 'lifecycle',
      definitionDigest: 'd',
      at: openedAt,
      evidence: [1, 2, 3, 4].map((index) => ({
        eventId: contentUuid('event', accountId, rule, String(index)),
        type: 'email.received' as const,
        at: openedAt - index * 86_400_000,
        note: `Mail from the customer, ${index} before`,
      })),
      comparisons: [
        {
          signal: 'days_quiet',
          label: 'Days without word',
          unit: 'days',
          value: 34,
          op: '>=',
          threshold: 21,
          holds: true,
        },
      ],
      clears: 'A mail or a meeting from the customer.',
      digest: 'p',
    },
    ...more,
  };
}
