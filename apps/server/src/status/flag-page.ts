import { html } from 'hono/html';
import type { Account } from '@waymark/store';
import type { FlagRecord } from './flag-record.ts';
import { flagView } from './flag-view.ts';
import type { Markup } from './page.ts';

/** What the log says of a flag's proof, derived again. */
export interface Check {
  readonly agrees: boolean;
  readonly because: 'same' | 'proof_altered' | 'other_definition' | 'not_derived' | 'differs';
}

/** What a check found, in words. */
export const checkTexts: Readonly<Record<Check['because'], string>> = {
  same: 'The log gives the same proof, digest for digest.',
  proof_altered: 'The stored proof does not have the digest that it carries: it was altered.',
  other_definition: 'The journey has changed since: its proof can only be derived under the definition it names.',
  not_derived: 'The log no longer gives this flag at its instant: events or matches behind it were corrected since.',
  differs: 'The log gives a proof that differs: events behind it were added or corrected since.',
};

/** One flag with its proof open, checked against the log now. */
export function flagPage(one: {
  readonly flag: FlagRecord;
  readonly account: Account;
  readonly check: Check;
  readonly reasonNow: string | undefined;
  readonly timezone: string;
  readonly now: number;
}): Markup {
  const tone = one.check.agrees ? 'ok' : one.check.because === 'proof_altered' ? 'bad' : '';
  return html`<p class="small"><a href="/accounts/${one.account.accountId}">${one.account.name}</a></p>
    <h1>${one.flag.title}</h1>
    <p class="notice ${tone}">${checkTexts[one.check.because]}</p>
    ${flagView(one.flag, { now: one.now, timezone: one.timezone, reasonNow: one.reasonNow, open: true })}
    <p class="dim small">
      The same in a terminal: <code>waymark explain ${one.account.domain ?? one.account.accountId}</code>
    </p>`;
}
