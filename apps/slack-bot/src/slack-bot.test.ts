import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BotRig } from './testing/bot-rig.ts';

let rig: BotRig;
beforeEach(async () => {
  rig = await BotRig.start();
});
afterEach(async () => {
  await rig.close();
});

describe('from a flag to an answer', () => {
  test('an opened flag becomes one message to its CSM; Not a risk resolves it and is an event', async () => {
    await rig.live();
    const account = await rig.addAccount('Northgate Paper');
    const flag = rig.flag(account, 'gone_quiet');
    await rig.fold(account, [flag]);
    await rig.send();
    const [message] = rig.dms('maya');
    expect(message?.text).toContain('Northgate Paper: gone quiet');
    expect(JSON.stringify(message?.blocks)).toContain('No word from the customer for 34 days');
    expect(rig.dms('maya')).toHaveLength(1);
    const { channel, ts } = message ?? { channel: '', ts: '' };
    expect(await rig.slack.handle.pressButton('maya', channel, ts, 'not_a_risk')).toEqual({ ok: true });
    await expect.poll(() => rig.answers.map((one) => one.answer)).toEqual(['not_a_risk']);
    expect(rig.answers[0]).toMatchObject({ flagId: flag.flagId, rule: 'gone_quiet', accountId: account, by: 'maya@vendor.example' });
    await expect.poll(() => rig.wakes.length).toBeGreaterThan(0);
    await rig.send();
    expect(rig.dms('maya')[0]?.text).toBe('Northgate Paper: resolved');
    expect((await rig.outbox()).map((row) => `${row.action} ${row.state}`)).toEqual(['post sent', 'update sent']);
    expect(rig.logged).toEqual([]);
  });
});
