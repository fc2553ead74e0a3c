import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setSlackUser } from '@waymark/store';
import { createSlackBot } from './slack-bot.ts';
import { BotRig } from './testing/bot-rig.ts';

let rig: BotRig;
let account = '';
beforeEach(async () => {
  rig = await BotRig.start();
  await rig.live();
  account = await rig.addAccount('Northgate Paper');
});
afterEach(async () => {
  await rig.close();
});

async function alert(rules: readonly string[] = ['gone_quiet']) {
  const flags = rules.map((rule, index) =>
    rig.flag(account, rule, { title: rule.replaceAll('_', ' '), severity: index === 0 ? 'high' : 'medium' }),
  );
  await rig.fold(account, flags);
  await rig.send();
  const message = rig.dms('maya')[0];
  if (!message) throw new Error('no alert came');
  return { flags, channel: message.channel, ts: message.ts };
}
const text = () => JSON.stringify(rig.dms('maya')[0]?.blocks);

describe('buttons', () => {
  test('an opened flag becomes one message to its CSM; Not a risk resolves it and is an event', async () => {
    const { flags, channel, ts } = await alert();
    expect(rig.dms('maya')).toHaveLength(1);
    expect(rig.dms('maya')[0]?.text).toContain('Northgate Paper: gone quiet');
    expect(text()).toContain('No word from the customer for 34 days');
    expect(await rig.slack.handle.pressButton('maya', channel, ts, 'not_a_risk')).toEqual({ ok: true });
    await rig.settled();
    expect(rig.answers.map((one) => one.answer)).toEqual(['not_a_risk']);
    expect(rig.answers[0]).toMatchObject({
      flagId: flags[0]?.flagId,
      rule: 'gone_quiet',
      accountId: account,
      by: 'maya@vendor.example',
    });
    expect(rig.wakes.length).toBeGreaterThan(0);
    await rig.send();
    expect(rig.dms('maya')[0]?.text).toBe('Northgate Paper: resolved');
    expect((await rig.outbox()).map((row) => `${row.action} ${row.state}`)).toEqual(['post sent', 'update sent']);
    expect(rig.logged).toEqual([]);
  });

  test('Undo takes Not a risk back: the flag is told again', async () => {
    const { channel, ts } = await alert();
    await rig.slack.handle.pressButton('maya', channel, ts, 'not_a_risk');
    await rig.settled();
    expect(rig.answers).toHaveLength(1);
    await rig.send();
    await rig.slack.handle.pressButton('maya', channel, ts, 'reopen');
    await rig.settled();
    expect(rig.answers.map((one) => one.answer)).toEqual(['not_a_risk', 'reopened']);
    await rig.send();
    expect(rig.dms('maya').at(-1)?.text).toContain('Northgate Paper: gone quiet');
  });

  test('Claim says who has it; the same press again is no second answer', async () => {
    const { channel, ts } = await alert();
    await rig.slack.handle.pressButton('maya', channel, ts, 'claim');
    await rig.settled();
    expect(rig.answers).toHaveLength(1);
    await rig.send();
    expect(text()).toContain('*Claimed* by <@U0MAYA>');
    expect(text()).not.toContain('"claim"');
  });

  test('with several flags each has its own Not a risk; the others stay', async () => {
    const { flags, channel, ts } = await alert(['gone_quiet', 'ticket_load']);
    const blockId = `flag:${flags[1]?.flagId}`;
    await rig.slack.handle.use('maya', 'not_a_risk', { channel, ts, blockId });
    await rig.settled();
    expect(rig.answers).toHaveLength(1);
    await rig.send();
    expect(rig.answers[0]?.rule).toBe('ticket_load');
    expect(text()).toContain('Northgate Paper: gone quiet');
    expect(text()).toContain('~ticket load~  Not a risk, says <@U0MAYA>');
    expect(rig.dms('maya')).toHaveLength(1);
  });

  test('Snooze asks until when, refuses a day that is past, and tells again that morning', async () => {
    const { channel, ts } = await alert();
    await rig.slack.handle.pressButton('maya', channel, ts, 'snooze');
    await rig.settled();
    expect(rig.slack.handle.modal('maya')?.title).toBe('Snooze');
    expect(await rig.slack.handle.submitModal('maya', { until: { day: '2026-03-01' } })).toMatchObject({
      problem: 'Choose a day after today.',
    });
    expect(await rig.slack.handle.submitModal('maya', { until: { day: '2027-03-01' } })).toMatchObject({ ok: false });
    expect(await rig.slack.handle.submitModal('maya', { until: { day: '2026-03-13' } })).toEqual({ ok: true });
    await rig.settled();
    expect(rig.answers[0]?.until).toBe(Date.UTC(2026, 2, 13, 8));
    await rig.send();
    expect(text()).toContain('*Snoozed* by <@U0MAYA> until 13 Mar');
    rig.offset = 46 * 3_600_000 + 1;
    await rig.send();
    const dms = rig.dms('maya');
    expect(dms.at(-1)?.text).toContain('The snooze is over');
    expect(dms.at(-1)?.threadTs).toBe(ts);
    expect(text()).not.toContain('Snoozed');
  });

  test('Wrong account lets a person choose what moves where; the decision is handed on', async () => {
    const other = await rig.addAccount('Southgate Print');
    const { flags, channel, ts } = await alert();
    await rig.slack.handle.pressButton('maya', channel, ts, 'wrong_account');
    await rig.settled();
    expect(rig.slack.handle.modal('maya')?.callbackId).toBe('wrong_account');
    const modal = rig.slack.handle.modal('maya');
    const suggested = await fetch(`${rig.served.url}/sandbox/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        op: 'suggest',
        team: 'T0ONE',
        user: 'U0MAYA',
        view: modal?.id,
        block: 'account',
        action: 'account_choice',
        filled: {},
        query: '',
      }),
    });
    expect(await suggested.json()).toEqual({ ok: true, options: [{ value: other, text: 'Southgate Print' }] });
    const chosen = flags[0]?.proof.evidence.slice(0, 2).map((one) => one.eventId) ?? [];
    expect(
      await rig.slack.handle.submitModal('maya', { events: { chosen }, account: { account_choice: other } }),
    ).toEqual({ ok: true });
    await rig.settled();
    expect(rig.moved).toHaveLength(1);
    expect(rig.moved[0]).toEqual({
      flagId: flags[0]?.flagId,
      eventIds: chosen,
      accountId: other,
      by: 'maya@vendor.example',
    });
    expect(rig.answers[0]?.answer).toBe('wrong_account');
    await rig.send();
    expect(text()).toContain('Said to belong to another account');
  });

  test('Why? shows the proof, with what deriving it again says, escaped', async () => {
    const { channel, ts } = await alert();
    await rig.slack.handle.pressButton('maya', channel, ts, 'why');
    await rig.settled();
    expect(JSON.stringify(rig.slack.handle.modal('maya')?.blocks)).toContain('What was compared');
    const shown = JSON.stringify(rig.slack.handle.modal('maya')?.blocks);
    expect(shown).toContain('Days without word: 34');
    expect(shown).toContain('with &lt;angle&gt; &amp; more');
  });

  test('G8: the window of Why? opens while the answer is still being worked out', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const asked = Promise.withResolvers<void>();
    const { channel, ts } = await alert();
    const explain = () => {
      asked.resolve();
      return promise;
    };
    rig.bot = createSlackBot({ ...rig.dependencies(), explain });
    const pressed = rig.slack.handle.pressButton('maya', channel, ts, 'why');
    await asked.promise;
    expect(rig.slack.handle.modal('maya')?.callbackId).toBe('why_waiting');
    expect(JSON.stringify(rig.slack.handle.modal('maya')?.blocks)).not.toContain('What was compared');
    resolve('Worked out at last');
    expect(await pressed).toEqual({ ok: true });
    await rig.settled();
    expect(JSON.stringify(rig.slack.handle.modal('maya')?.blocks)).toContain('Worked out at last');
  });
});

describe('/journey', () => {
  const answer = () => rig.slack.handle.messages('#general').at(-1);

  test('shows stages and open flags, for the asker alone', async () => {
    await alert();
    await rig.slack.handle.slashCommand('maya', '/journey');
    await rig.settled();
    expect(answer()?.ephemeralTo).toBe('U0MAYA');
    expect(JSON.stringify(answer()?.blocks)).toContain('Engagement *1*');
    expect(JSON.stringify(answer()?.blocks)).toContain('Yours that need a look');
  });

  test('why <account> explains; an unknown or ambiguous name is answered with what to do', async () => {
    await rig.addAccount('Northgate Foods');
    await rig.slack.handle.slashCommand('maya', '/journey why northgate paper');
    await rig.settled();
    expect(answer()?.text).toContain(`Explanation of ${account} with &lt;angle&gt;`);
    await rig.slack.handle.slashCommand('maya', '/journey why northgate');
    await rig.settled();
    expect(answer()?.text).toContain('Which one do you mean?');
    await rig.slack.handle.slashCommand('maya', '/journey <nobody>');
    await rig.settled();
    expect(answer()?.text).toContain('no account like “&lt;nobody&gt;”');
  });
});

describe('the App Home', () => {
  const home = () => JSON.stringify(rig.slack.handle.home('maya', rig.app)?.blocks ?? []);
  const view = () => rig.slack.handle.home('maya', rig.app)?.id ?? '';
  const opens = async (expected: string) => {
    rig.slack.handle.openHome('maya', rig.app);
    await rig.settled();
    expect(home()).toContain(expected);
  };
  const maySee = () => rig.inWorkspace((tx) => setSlackUser(tx, 'maya@vendor.example', 'U0MAYA', 'map', rig.now()));

  test('shows my accounts that need a look, worst first, and none of others', async () => {
    await maySee();
    const worse = await rig.addAccount('Zinc Works');
    const foreign = await rig.addAccount('Foreign Foods', { csmEmail: 'jonas@vendor.example' });
    await rig.fold(account, [rig.flag(account, 'gone_quiet', { severity: 'medium' })]);
    await rig.fold(worse, [rig.flag(worse, 'champion_left', { severity: 'critical', title: 'Champion left' })]);
    await rig.fold(foreign, [rig.flag(foreign, 'gone_quiet')]);
    await opens('2 of your accounts need a look');
    expect(home().indexOf('Zinc Works')).toBeLessThan(home().indexOf('Northgate Paper'));
    expect(home()).not.toContain('Foreign Foods');
    expect(rig.logged).toEqual([]);
  });

  test('a button there is an answer: the flag leaves the list, and the message follows', async () => {
    await maySee();
    const { flags } = await alert();
    await opens('1 of your accounts needs a look');
    const blockId = `flag:${flags[0]?.flagId}`;
    expect(await rig.slack.handle.use('maya', 'not_a_risk', { view: view(), blockId })).toEqual({ ok: true });
    await rig.settled();
    expect(home()).toContain('None of your accounts needs a look');
    expect(rig.answers.map((one) => one.answer)).toEqual(['not_a_risk']);
    await rig.send();
    expect(rig.dms('maya')[0]?.text).toBe('Northgate Paper: resolved');
    // Pressed again on an old home: it says so by what it shows.
    await opens('None of your accounts needs a look');
    expect(rig.logged).toEqual([]);
  });

  test('what is snoozed in its message moves to the end of the home', async () => {
    await maySee();
    const { channel, ts } = await alert();
    await opens('1 of your accounts needs a look');
    await rig.slack.handle.pressButton('maya', channel, ts, 'snooze');
    await rig.settled();
    expect(rig.slack.handle.modal('maya')?.callbackId).toBe('snooze');
    const tomorrow = new Date(rig.now() + 2 * 86_400_000).toISOString().slice(0, 10);
    await rig.slack.handle.submitModal('maya', { until: { day: tomorrow } });
    await rig.settled();
    expect(home()).toContain('None of your accounts needs a look');
    expect(home()).toContain('*Snoozed* (1)');
  });

  test('who is CSM of no account sees the team’s', async () => {
    await alert();
    rig.slack.handle.openHome('ada', rig.app);
    const seen = () => JSON.stringify(rig.slack.handle.home('ada', rig.app)?.blocks ?? []);
    await rig.settled();
    expect(seen()).toContain('1 of the team’s accounts needs a look');
    expect(seen()).toContain('Northgate Paper');
  });
});
