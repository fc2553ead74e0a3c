import { createServer } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { createEmulator } from 'emulate';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveEmulator, type Served } from '../../apps/sandbox/src/front/serve.ts';
import { until } from '../../apps/sandbox/src/front/until.ts';
import { createSlack, type SlackService } from '../../apps/sandbox/src/slack/slack.ts';
import type { SlackApp, SlackState } from '../../apps/sandbox/src/slack/state.ts';
import { launchBrowser } from './browser.ts';
import { alertBlocks, mrkdwn, option, plain, seed } from './slack-page-sample.ts';

let slack: SlackService;
let served: Served<SlackState>;
let bolt: App;
let browser: Browser;
let page: Page;
let app: SlackApp;
let ts = '';
const pageProblems: string[] = [];
const byTestId = (id: string) => page.locator(`[data-testid="${id}"]`);
const text = () => slack.handle.messages('#cs-alerts')[0]?.text;

beforeAll(async () => {
  slack = createSlack({ caps: 'generous', autoConsent: true, seed, now: Date.now });
  served = await serveEmulator({
    name: 'slack',
    create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
    ...slack.front,
  });
  const port = await freePort();
  app = slack.handle.registerApp({
    clientId: '1.2',
    clientSecret: 's',
    signingSecret: 'signing',
    redirectUris: ['http://127.0.0.1/'],
    requestUrl: `http://127.0.0.1:${port}/slack/events`,
  });
  const token = slack.handle.install('T0ONE', app, ['chat:write', 'chat:write.public', 'commands', 'im:write']);
  bolt = fakeApp(port, token.token);
  await bolt.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await bolt?.stop();
  await served?.close();
});

beforeEach(async () => {
  for (const message of slack.handle.messages('#cs-alerts').slice()) slack.handle.workspace.remove(message);
  while (slack.handle.modal('maya') !== undefined) await slack.handle.closeModal('maya');
  const posted = await bolt.client.chat.postMessage({
    channel: 'C0ALERTS',
    text: 'Northgate Paper: gone quiet',
    blocks: alertBlocks,
  });
  ts = posted.ts ?? '';
  pageProblems.length = 0;
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => pageProblems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') pageProblems.push(message.text());
  });
  page.on('dialog', (dialog) => {
    pageProblems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await open('U0MAYA', 'C0ALERTS');
  return async () => {
    await page.close();
    expect(pageProblems).toEqual([]);
  };
});

async function open(user: string, channel: string, more = ''): Promise<void> {
  await page.goto(`${served.url}/?team=T0ONE&user=${user}&channel=${channel}${more}`);
  await page.waitForSelector('body[data-live=yes]');
}

describe('the Slack page', () => {
  test('is labelled as sample data and shows foreign text as text (R16)', async () => {
    expect(await byTestId('sample-label').textContent()).toContain('Sample data — sandbox, not Slack');
    expect((await page.locator('.message').textContent())?.replaceAll(/\s+/g, ' ')).toContain(
      '<img src=x onerror=alert(1)> "quoted" & co',
    );
    expect(await page.locator('.message img').count()).toBe(0);
  });

  test('a pressed button changes the message without a reload', async () => {
    await page.evaluate(() => Object.assign(window, { stillHere: true }));
    await byTestId('action-claim').click();
    await page.getByText('Claimed by Maya Okafor').waitFor();
    expect(text()).toBe('claimed');
    expect(await page.evaluate(() => 'stillHere' in window)).toBe(true);
  });

  test('a button with a confirmation is sent only when confirmed', async () => {
    await byTestId('action-not_a_risk').click();
    await page.getByRole('button', { name: 'Back' }).click();
    expect(text()).toBe('Northgate Paper: gone quiet');
    await byTestId('action-not_a_risk').click();
    await page.getByRole('button', { name: 'Close it' }).click();
    await until(() => text() === 'not a risk');
  });

  test('menus, dates and overflow send what was chosen', async () => {
    await byTestId('action-snooze').selectOption('one_week');
    await until(() => text() === 'snooze: one_week');
    await open('U0MAYA', 'C0ALERTS');
    await byTestId('action-until').fill('2031-05-06');
    await until(() => text() === 'until: 2031-05-06');
    await byTestId('action-more').click();
    await page.getByRole('menuitem', { name: 'Wrong account' }).click();
    await byTestId('modal').waitFor();
  });

  test('a menu stays open where its message changes meanwhile', async () => {
    await byTestId('action-more').click();
    const version = await page.locator('.message').first().getAttribute('data-version');
    await bolt.client.chat.update({ channel: 'C0ALERTS', ts, text: 'said anew', blocks: alertBlocks });
    await page.locator(`.message:not([data-version="${version}"])`).first().waitFor();
    await page.getByRole('menuitem', { name: 'Wrong account' }).click();
    await byTestId('modal').waitFor();
  });

  test("a modal shows required fields and the app's errors, keeps what was typed, and submits", async () => {
    await byTestId('action-more').click();
    await page.getByRole('menuitem', { name: 'Wrong account' }).click();
    const modal = byTestId('modal');
    await modal.waitFor();
    await byTestId('modal-submit').click();
    await page.getByText('Please complete this required field.').first().waitFor();
    await byTestId('action-account').fill('Bri');
    await page.getByRole('option', { name: 'Brightwater' }).click();
    await byTestId('action-note').fill('no');
    await page.getByLabel('Everyone').check();
    await byTestId('modal-submit').click();
    await page.getByText('Say a little more.').waitFor();
    expect(await byTestId('action-account').inputValue()).toBe('Brightwater');
    await byTestId('action-note').fill('It belongs to the parent');
    await byTestId('modal-submit').click();
    await modal.waitFor({ state: 'detached' });
    await until(() => text() === 'moved to brightwater: It belongs to the parent (everyone; true)');
  });

  test('a modal is left by Escape and gives the focus back', async () => {
    await byTestId('action-why').focus();
    await page.keyboard.press('Enter');
    await byTestId('modal').waitFor();
    await page.keyboard.press('Escape');
    await byTestId('modal').waitFor({ state: 'detached' });
    await until(
      async () => (await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))) === 'action-why',
    );
  });

  test('a slash command is typed in the composer; its answer is for that person only', async () => {
    await byTestId('composer').fill('/journey why Acme');
    await page.keyboard.press('Enter');
    await page.getByText('You asked: why Acme').waitFor();
    expect(await page.getByText('Only visible to you').count()).toBe(1);
    await open('U0JONAS', 'C0ALERTS');
    expect(await page.getByText('You asked: why Acme').count()).toBe(0);
    await byTestId('composer').fill('/nothing');
    await page.keyboard.press('Enter');
    await page.getByText('/nothing is not a valid command.').waitFor();
  });

  test('new messages, unread counts and threads appear by themselves', async () => {
    await bolt.client.chat.postMessage({ channel: 'U0MAYA', text: 'A word in private' });
    const direct = byTestId('channel-waymark');
    await direct.locator('[data-testid=unread]').waitFor();
    await bolt.client.chat.postMessage({ channel: 'C0ALERTS', text: 'More evidence', thread_ts: ts });
    await byTestId('open-thread').click();
    await page.getByText('More evidence').waitFor();
    await byTestId('thread-composer').fill('Thanks <b>');
    await page.keyboard.press('Enter');
    await page.locator('#thread').getByText('Thanks <b>').waitFor();
    await direct.click();
    await page.getByText('A word in private').waitFor();
    expect(await byTestId('unread').count()).toBe(0);
  });

  test('the home tab asks the app for its home and works like a message', async () => {
    const direct = slack.handle.directWith('maya', app);
    await open('U0MAYA', direct.id, '&tab=home');
    await page.getByText('Worklist of Maya').waitFor();
    await byTestId('action-claim').click();
    await page.getByText('Nothing left').waitFor();
  });

  test('the bare address settles on a person and place, and stays there', async () => {
    await bolt.client.chat.postMessage({ channel: 'U0JONAS', text: 'For Jonas: :red_circle: late' });
    await page.goto(served.url);
    await page.locator('.message').getByText('For Jonas').first().waitFor();
    expect(await page.getByRole('img', { name: 'red circle' }).count()).toBe(1);
    const chosen = page.url();
    expect(chosen).toContain('user=U0JONAS');
    await bolt.client.chat.postMessage({ channel: 'U0MAYA', text: 'For Maya' });
    await bolt.client.chat.postMessage({ channel: 'U0JONAS', text: 'More for Jonas' });
    await page.getByText('More for Jonas').waitFor();
    expect(page.url()).toBe(chosen);
    expect(await byTestId('acting-user').inputValue()).toBe('U0JONAS');
  });

  test('I6: the other workspace shows none of this', async () => {
    await byTestId('team-T0TWO').click();
    await page.waitForSelector('body[data-live=yes]');
    expect(await page.locator('body').textContent()).not.toContain('Northgate');
    expect(await page.getByText('No app is installed in this workspace yet.').count()).toBe(1);
    expect((await page.request.get(`${served.url}/?team=T0TWO&user=U0ZOE&channel=C0ALERTS`)).status()).toBe(404);
  });

  test('a page of another origin cannot press a button', async () => {
    const answer = await fetch(`${served.url}/sandbox/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://evil.test' },
      body: JSON.stringify({ op: 'close', team: 'T0ONE', user: 'U0MAYA' }),
    });
    expect(answer.status).toBe(403);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A tiny app on the real Bolt. */
function fakeApp(port: number, token: string): App {
  const receiver = new HTTPReceiver({ signingSecret: 'signing', port, logLevel: LogLevel.ERROR });
  const made = new App({
    token,
    receiver,
    clientOptions: { slackApiUrl: `${served.url}/api/` },
    logLevel: LogLevel.ERROR,
  });
  const say = (message: string, blocks = alertBlocks) =>
    made.client.chat.update({ channel: 'C0ALERTS', ts, text: message, blocks });
  made.action('claim', async ({ ack, body }) => {
    await ack();
    if ('view' in body && body.view?.type === 'home') {
      await made.client.views.publish({
        user_id: body.user.id,
        view: { type: 'home', blocks: [{ type: 'section', text: mrkdwn('Nothing left') }] },
      });
      return;
    }
    await say('claimed', [
      { type: 'header' as const, text: plain(`Claimed by ${body.user.id === 'U0MAYA' ? 'Maya Okafor' : 'someone'}`) },
      ...alertBlocks.slice(1),
    ]);
  });
  made.action('not_a_risk', async ({ ack }) => {
    await ack();
    await say('not a risk');
  });
  made.action('snooze', async ({ ack, action }) => {
    await ack();
    if (action.type === 'static_select') await say(`snooze: ${action.selected_option.value}`);
  });
  made.action('until', async ({ ack, action }) => {
    await ack();
    if (action.type === 'datepicker') await say(`until: ${action.selected_date}`);
  });
  made.action('why', async ({ ack, body, client }) => {
    await ack();
    if ('trigger_id' in body && typeof body.trigger_id === 'string') {
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          title: plain('Why?'),
          blocks: [{ type: 'section', text: mrkdwn('Three pieces of evidence') }],
        },
      });
    }
  });
  made.action('more', async ({ ack, body, client }) => {
    await ack();
    if (!('trigger_id' in body) || typeof body.trigger_id !== 'string') return;
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'wrong_account',
        title: plain('Wrong account'),
        submit: plain('Move'),
        close: plain('Cancel'),
        blocks: [
          {
            type: 'input',
            block_id: 'account',
            label: plain('Belongs to'),
            element: { type: 'external_select', action_id: 'account', min_query_length: 1 },
          },
          {
            type: 'input',
            block_id: 'note',
            label: plain('Note'),
            element: { type: 'plain_text_input', action_id: 'note', multiline: true },
          },
          {
            type: 'input',
            block_id: 'tell',
            label: plain('Tell'),
            element: { type: 'radio_buttons', action_id: 'tell', options: [option('Nobody'), option('Everyone')] },
          },
          {
            type: 'input',
            block_id: 'replay',
            optional: true,
            label: plain('Replay'),
            element: {
              type: 'checkboxes',
              action_id: 'replay',
              options: [option('Past events')],
              initial_options: [option('Past events')],
            },
          },
        ],
      },
    });
  });
  made.options('account', async ({ ack, options }) => {
    await ack({ options: ['Acme', 'Brightwater'].filter((name) => name.startsWith(options.value)).map(option) });
  });
  made.view('wrong_account', async ({ ack, view }) => {
    const { values } = view.state;
    const note = values['note']?.['note']?.value ?? '';
    if (note.length < 5) return ack({ response_action: 'errors', errors: { note: 'Say a little more.' } });
    await ack();
    const account = values['account']?.['account']?.selected_option?.value;
    const told = values['tell']?.['tell']?.selected_option?.value;
    const replay = values['replay']?.['replay']?.selected_options?.length === 1;
    await say(`moved to ${account}: ${note} (${told}; ${replay})`);
  });
  made.command('/journey', async ({ ack, command }) => {
    await ack({ response_type: 'ephemeral', text: `You asked: ${command.text}` });
  });
  made.event('app_home_opened', async ({ event, client }) => {
    if (event.tab !== 'home') return;
    const actions = [{ type: 'button' as const, action_id: 'claim', text: plain('Claim all') }];
    await client.views.publish({
      user_id: event.user,
      view: {
        type: 'home',
        blocks: [
          { type: 'section', text: mrkdwn('Worklist of Maya') },
          { type: 'actions', elements: actions },
        ],
      },
    });
  });
  return made;
}
