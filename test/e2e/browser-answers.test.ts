import { sampleTeams } from '@waymark/sandbox';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { launchBrowser } from '../browser/browser.ts';
import { openHouse, type House } from '../faults/house.ts';

const flagsAnswer = z.object({
  flags: z.array(
    z.looseObject({ id: z.string(), rule: z.string(), kind: z.string(), accountId: z.string(), account: z.string() }),
  ),
});
type OpenFlag = z.infer<typeof flagsAnswer>['flags'][number];

let house: House;
let browser: Browser;
let page: Page;
/** A CSM who got a digest with several flags in it, and where it stands. */
let csm: { readonly id: string; readonly channel: string };

beforeAll(async () => {
  [house, browser] = await Promise.all([openHouse({ historyDays: 120, people: 2 }), launchBrowser()]);
  await house.atRest();
  const slack = house.outside.sandbox.slack.handle;
  const [app] = Object.values(slack.workspace.state.apps);
  const people = slack.workspace.usersOf(sampleTeams.main).filter((user) => user.id.startsWith('U0CSM') && app);
  const found = people
    .map((user) => ({ id: user.id, channel: app ? slack.directWith(user.id, app).id : '' }))
    .map((one) => ({ ...one, flags: flagsIn(one.channel).length }))
    .toSorted((a, b) => b.flags - a.flags)[0];
  if (!found || found.flags < 4) throw new Error('No CSM got four flags to answer.');
  csm = found;
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

beforeEach(async () => {
  await house.outside.sandbox.slack.handle.closeModal(csm.id).catch(() => undefined);
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(15_000);
  await page.goto(
    `${house.outside.sandbox.urls.slack}/?team=${sampleTeams.main}&user=${csm.id}&channel=${csm.channel}`,
  );
  await page.waitForSelector('body[data-live=yes]');
  return () => page.close();
});

/** Flags that have buttons of their own in a channel, in the order in which they stand there. */
function flagsIn(channel: string): readonly string[] {
  const messages = house.outside.sandbox.slack.handle.messages(channel);
  const blocks = messages.flatMap((message) => message.blocks ?? []);
  return blocks.flatMap((block) =>
    block.type === 'actions' && block.block_id?.startsWith('flag:') ? [block.block_id.slice(5)] : [],
  );
}

const openFlags = async (): Promise<readonly OpenFlag[]> => flagsAnswer.parse(await house.api('/api/flags')).flags;
const button = (flagId: string, action: string): Locator =>
  page.locator(`[data-block="flag:${flagId}"] [data-testid="action-${action}"]`);

/** An open risk of the digest that no test has answered yet, with evidence behind it. */
async function nextFlag(wanted: (flag: OpenFlag) => boolean = () => true): Promise<OpenFlag> {
  const open = await openFlags();
  for (const flagId of flagsIn(csm.channel)) {
    const flag = open.find((one) => one.id === flagId && one.kind === 'risk');
    if (flag && !answered.has(flagId) && wanted(flag)) {
      answered.add(flagId);
      return flag;
    }
  }
  throw new Error('There is no flag left to answer.');
}
const answered = new Set<string>();

describe('the Slack page of a CSM, with the whole of Waymark behind it', () => {
  it('Not a risk: the message says so and the flag of the account is answered and cleared', async () => {
    const flag = await nextFlag();
    await button(flag.id, 'not_a_risk').click();
    await page.getByText('Not a risk, says').first().waitFor();
    await expect
      .poll(async () => (await openFlags()).some((one) => one.id === flag.id), { timeout: 15_000 })
      .toBe(false);
    const detail = z.looseObject({ clearedAt: z.string().nullable() }).parse(await house.api(`/api/flags/${flag.id}`));
    expect(detail.clearedAt).not.toBeNull();
    expect(
      await house.rows.query('SELECT answer FROM flag_handling WHERE workspace_id = $1 AND flag_id = $2', [flag.id]),
    ).toEqual([{ answer: 'not_a_risk' }]);
    expect(await button(flag.id, 'not_a_risk').count()).toBe(0);
  });

  it('Claim: the message names who took it and the button goes', async () => {
    const flag = await nextFlag();
    await button(flag.id, 'claim').click();
    await page.getByText('Claimed', { exact: true }).first().waitFor();
    await button(flag.id, 'claim').waitFor({ state: 'detached' });
    expect((await openFlags()).some((one) => one.id === flag.id)).toBe(true);
  });

  it('Snooze: a modal asks until when', async () => {
    const flag = await nextFlag();
    await button(flag.id, 'snooze').click();
    await page.getByTestId('modal').waitFor();
    await page.getByTestId('modal-submit').click();
    await page.getByTestId('modal').waitFor({ state: 'detached' });
    await page.getByText('Snoozed', { exact: true }).first().waitFor();
    const [kept] = await house.rows.query<{ snoozed_until: Date | null }>(
      'SELECT snoozed_until FROM flag_handling WHERE workspace_id = $1 AND flag_id = $2',
      [flag.id],
    );
    expect(kept?.snoozed_until?.getTime()).toBeGreaterThan(Date.now() + 5 * 86_400_000);
  });

  it('Why?: the proof, derived again from the log', async () => {
    const [flagId = ''] = flagsIn(csm.channel);
    await button(flagId, 'why').click();
    await page.getByTestId('modal').getByText('Clears when').first().waitFor();
    await page.getByTestId('modal').getByText('The log gives the same answer.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('modal').waitFor({ state: 'detached' });
  });

  it('Wrong account: the events move and both accounts are worked out again', async () => {
    const flag = await nextFlag((one) => one.rule !== 'renewal_weak' && one.rule !== 'onboarding_behind');
    const before = await evidenceAccounts(flag.id);
    expect(before).toEqual([flag.accountId]);
    const [other] = await house.rows.query<{ account_id: string; name: string }>(
      'SELECT account_id, name FROM account WHERE workspace_id = $1 AND is_customer AND account_id <> $2 AND merged_into IS NULL ORDER BY name LIMIT 1',
      [flag.accountId],
    );
    const events = await evidenceOf(flag.id);
    await button(flag.id, 'wrong_account').click();
    const modal = page.getByTestId('modal');
    await modal.getByText('To which account?').waitFor();
    await modal.getByTestId('action-account_choice').fill(other?.name ?? '');
    await page
      .getByRole('option', { name: other?.name ?? '' })
      .first()
      .click();
    await page.getByTestId('modal-submit').click();
    await modal.waitFor({ state: 'detached' });
    const now = () =>
      house.rows.query<{ account_id: string }>(
        'SELECT DISTINCT account_id FROM journey_event WHERE workspace_id = $1 AND event_id = ANY($2) AND superseded_at IS NULL',
        [events],
      );
    await expect.poll(now, { timeout: 15_000 }).toEqual([{ account_id: other?.account_id }]);
    await expect
      .poll(async () => (await openFlags()).some((one) => one.id === flag.id), { timeout: 15_000 })
      .toBe(false);
    await house.atRest();
    const holdings = await house.rows.holdings();
    expect(holdings.disagreeing).toEqual([]);
  });

  it('/journey and /journey why <account> answer the one who asked', async () => {
    const [flag] = await openFlags();
    await page.getByTestId('composer').fill('/journey');
    await page.keyboard.press('Enter');
    await page.getByText('Where your accounts stand').waitFor();
    await page.getByTestId('composer').fill(`/journey why ${flag?.account ?? ''}`);
    await page.keyboard.press('Enter');
    await page.getByText('The log gives the same answer.').first().waitFor();
  });
});

async function evidenceOf(flagId: string): Promise<readonly string[]> {
  const detail = z
    .looseObject({ proof: z.looseObject({ evidence: z.array(z.looseObject({ eventId: z.string() })) }) })
    .parse(await house.api(`/api/flags/${flagId}`));
  return detail.proof.evidence.map((one) => one.eventId);
}

async function evidenceAccounts(flagId: string): Promise<readonly string[]> {
  const found = await house.rows.query<{ account_id: string }>(
    'SELECT DISTINCT account_id FROM journey_event WHERE workspace_id = $1 AND event_id = ANY($2) AND superseded_at IS NULL',
    [await evidenceOf(flagId)],
  );
  return found.map((row) => row.account_id);
}
