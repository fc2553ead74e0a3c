import type { Server } from 'node:http';
import { randomBytes } from 'node:crypto';
import { createEmulator } from 'emulate';
import {
  activateDefinition,
  addFlags,
  createSealer,
  createWorkspace,
  lockAccount,
  members,
  saveProviderApp,
  setSettings,
  supersedeFlags,
  flags as readFlags,
  upsertAccounts,
  upsertMember,
  writeCheckpoints,
  type Sealer,
  type Tx,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { contentUuid } from '@waymark/journey';
import type { Flag } from '@waymark/lifecycle';
import { serveEmulator, type Served } from '../../../sandbox/src/front/serve.ts';
import { createSlack, type SlackService } from '../../../sandbox/src/slack/slack.ts';
import type { SlackApp, SlackState } from '../../../sandbox/src/slack/state.ts';
import type { FlagAnswer, Reattribution, SlackBotDependencies, SlackPoint, SlackTiming } from '../dependencies.ts';
import { slackInstallation } from '../installation.ts';
import { createSlackBot, type SlackBot } from '../slack-bot.ts';
import { listenForBot } from './listen.ts';
import { rigFlag } from './rig-flag.ts';
import { rigSeed } from './rig-seed.ts';

/** The time of a test: Wednesday 2026-03-11, 10:00 UTC, unless moved. */
const rigStart = Date.UTC(2026, 2, 11, 10);

export interface RigOptions {
  readonly caps?: 'vendor' | 'generous';
  readonly timing?: Partial<SlackTiming>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A bot on real PostgreSQL against the sandbox's Slack over HTTP, with a clock of its own. */
export class BotRig {
  readonly database: TestDatabase;
  readonly sealer: Sealer;
  readonly slack: SlackService;
  readonly served: Served<SlackState>;
  readonly server: Server;
  readonly publicUrl: string;
  readonly app: SlackApp;
  /** Answers whose transaction has ended: the bot wakes the workspace after it. */
  readonly answers: FlagAnswer[] = [];
  readonly #staged: FlagAnswer[] = [];
  readonly moved: Reattribution[] = [];
  readonly logged: string[] = [];
  readonly wakes: string[] = [];
  readonly options: RigOptions;
  offset = 0;
  point: SlackPoint = () => Promise.resolve();
  bot: SlackBot;
  workspaceId = '';

  private constructor(
    parts: Pick<BotRig, 'database' | 'sealer' | 'slack' | 'served' | 'server' | 'publicUrl' | 'app' | 'options'>,
  ) {
    this.database = parts.database;
    this.sealer = parts.sealer;
    this.slack = parts.slack;
    this.served = parts.served;
    this.server = parts.server;
    this.publicUrl = parts.publicUrl;
    this.app = parts.app;
    this.options = parts.options;
    this.bot = createSlackBot(this.dependencies());
  }

  static async start(options: RigOptions = {}): Promise<BotRig> {
    const database = await testDatabase();
    const sealer = createSealer({ database, masterKey: randomBytes(32) });
    const rigs: BotRig[] = [];
    const now = () => rigs[0]?.now() ?? rigStart;
    const slack = createSlack({ caps: options.caps ?? 'generous', autoConsent: true, seed: rigSeed, now });
    const served = await serveEmulator({
      name: 'slack',
      create: (baseUrl) => createEmulator({ service: slack.definition, baseUrl, listen: false }),
      ...slack.front,
    });
    const { server, publicUrl } = await listenForBot(() => rigs[0]?.bot);
    const app = slack.handle.registerApp({
      clientId: '11.22',
      clientSecret: 'client-secret',
      signingSecret: 'signing-secret',
      redirectUris: [`${publicUrl}/oauth/slack/callback`],
      requestUrl: `${publicUrl}/slack/events`,
    });
    const rig = new BotRig({ database, sealer, slack, served, server, publicUrl, app, options });
    rigs.push(rig);
    rig.workspaceId = await rig.addWorkspace('one');
    return rig;
  }

  now(): number {
    return rigStart + this.offset;
  }

  dependencies(sender = 'test'): SlackBotDependencies {
    const note = (fields: Readonly<Record<string, unknown>>, message: string) =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`);
    return {
      database: this.database,
      sealer: this.sealer,
      now: () => this.now(),
      slackApiUrl: `${this.served.url}/api/`,
      authorizeUrl: `${this.served.url}/oauth/v2/authorize`,
      publicUrl: this.publicUrl,
      links: {
        account: (accountId) => `https://waymark.example/accounts/${accountId}`,
        event: (_accountId, eventId) => `https://waymark.example/events/${eventId}`,
      },
      appendAnswer: (_tx, answer) => {
        this.#staged.push(answer);
        return Promise.resolve();
      },
      reattribute: (_workspaceId, decision) => {
        this.moved.push(decision);
        return Promise.resolve();
      },
      explain: (_workspaceId, accountId, flagId) =>
        Promise.resolve(`Explanation of ${flagId ?? accountId} with <angle> & more`),
      flagWords: (_workspaceId, flag) =>
        Promise.resolve({
          compared: flag.proof.comparisons.map(({ label, value }) => `${label}: ${value ?? 'unknown'}`),
          playbook: [],
        }),
      wake: (workspaceId) => {
        this.wakes.push(workspaceId);
        this.answers.push(...this.#staged.splice(0));
      },
      point: (name) => this.point(name),
      log: { info: note, warn: note, error: note },
      sender,
      timing: {
        channelIntervalMs: 1,
        reconcileAfterMs: 0,
        historyIntervalMs: 0,
        ...this.options.timing,
      },
    };
  }

  /** A process that starts anew on the same rows. */
  restart(): void {
    this.bot = createSlackBot(this.dependencies(`test-${this.offset}`));
  }

  async addWorkspace(slug: string): Promise<string> {
    const { workspaceId } = await createWorkspace(
      this.database,
      this.sealer,
      {
        slug,
        name: slug,
        settings: {
          workingHours: 'always',
          dailyCapPerMember: null,
          defaultChannel: '#cs-alerts',
          ...this.options.settings,
        },
      },
      this.now(),
    );
    await this.inWorkspace(async (tx) => {
      await saveProviderApp(
        tx,
        this.sealer,
        {
          provider: 'slack',
          clientId: '11.22',
          clientSecret: 'client-secret',
          extra: { signingSecret: 'signing-secret' },
        },
        this.now(),
      );
      await activateDefinition(
        tx,
        { journey: 'lifecycle', digest: 'd', version: 1, source: 'id: lifecycle' },
        'test',
        this.now(),
      );
      for (const [email, name] of [
        ['maya@vendor.example', 'Maya Okafor'],
        ['jonas@vendor.example', 'Jonas Lindqvist'],
      ] as const) {
        const known = (await members(tx)).find((one) => one.email === email);
        if (!known) {
          const memberId = contentUuid(workspaceId, email);
          await upsertMember(tx, { memberId, email, name, crmOwnerId: null, active: true }, this.now());
        }
      }
    }, workspaceId);
    return workspaceId;
  }

  inWorkspace<T>(work: (tx: Tx) => Promise<T>, workspaceId = this.workspaceId): Promise<T> {
    return this.database.inWorkspace(workspaceId, work);
  }

  /** Walks the install as a browser does: link, consent, callback. Returns the last page. */
  async install(team = 'T0ONE', workspaceId = this.workspaceId): Promise<string> {
    const start = await fetch(`${await this.bot.installUrl(workspaceId)}?team=${team}`, { redirect: 'manual' });
    const cookie = start.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    const consent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    const back = await fetch(consent.headers.get('location') ?? '', { headers: { cookie } });
    return back.text();
  }

  /** Installs, and lets alerts be live from an hour ago. */
  async live(team = 'T0ONE', workspaceId = this.workspaceId): Promise<void> {
    await this.install(team, workspaceId);
    await this.inWorkspace(async (tx) => {
      const installation = await slackInstallation(tx);
      if (!installation) throw new Error('Slack was not installed');
      await setSettings(
        tx,
        installation.installationId,
        { ...installation.settings, alertsFrom: this.now() - 3_600_000 },
        this.now(),
      );
    }, workspaceId);
  }

  /** Adds a customer. Returns its id. */
  async addAccount(
    name: string,
    more: { csmEmail?: string | null; tier?: string; workspaceId?: string } = {},
  ): Promise<string> {
    const workspaceId = more.workspaceId ?? this.workspaceId;
    const accountId = contentUuid('account', workspaceId, name);
    await this.inWorkspace(async (tx) => {
      await upsertAccounts(
        tx,
        [
          {
            accountId,
            name,
            domain: null,
            isCustomer: true,
            csmEmail: more.csmEmail === undefined ? 'maya@vendor.example' : more.csmEmail,
            csmBasis: 'csm',
            customerSince: null,
            renewalAt: this.now() + 85 * 86_400_000,
            value: 12_000,
            currency: 'EUR',
            tier: more.tier ?? null,
            crmStage: null,
            timezone: null,
            attributes: {},
          },
        ],
        this.now(),
      );
      const checkpoint = {
        accountId,
        journey: 'lifecycle',
        definitionDigest: 'd',
        engineVersion: 1,
        contextDigest: 'c',
        stage: 'engagement',
        health: 41,
        digest: 'x',
        asOf: this.now(),
        nextChangeAt: null,
      };
      await writeCheckpoints(tx, [checkpoint], this.now());
    }, workspaceId);
    return accountId;
  }

  /** A flag as `rigFlag` makes it, by the rig's clock. */
  flag(accountId: string, rule: string, more: Partial<Flag> = {}): Flag {
    return rigFlag(accountId, rule, { openedAt: this.now() - 60_000, ...more });
  }

  /** Stores what a fold says of an account, and plans in the same transaction, as the fold does. */
  async fold(accountId: string, all: readonly Flag[], workspaceId = this.workspaceId): Promise<void> {
    await this.inWorkspace(async (tx) => {
      await lockAccount(tx, accountId);
      const before = await readFlags(tx, { accountId });
      const now = new Map(all.map((flag) => [flag.flagId, flag]));
      await supersedeFlags(tx, before, this.now());
      await addFlags(
        tx,
        all.map((flag) => ({
          flagId: flag.flagId,
          accountId,
          journey: 'lifecycle',
          rule: flag.rule,
          kind: flag.kind,
          severity: flag.severity,
          openedAt: flag.openedAt,
          clearedAt: flag.clearedAt,
          detail: { ...flag },
          recordedAt: this.now(),
        })),
      );
      const known = new Map(before.map((flag) => [flag.flagId, flag]));
      await this.bot.planAlerts(tx, [
        {
          account: { accountId },
          answer: { flags: all },
          opened: all.filter((flag) => flag.clearedAt === null && known.get(flag.flagId)?.clearedAt !== null),
          cleared: all.filter((flag) => flag.clearedAt !== null && known.get(flag.flagId)?.clearedAt === null),
          withdrawn: before.filter((flag) => flag.clearedAt === null && !now.has(flag.flagId)),
        },
      ]);
    }, workspaceId);
  }

  send(workspaceId = this.workspaceId) {
    return this.bot.sendDue(workspaceId, AbortSignal.timeout(15_000));
  }

  /** Waits until what people did in Slack has reached the bot, and the bot has done with it. */
  async settled(): Promise<void> {
    await this.slack.handle.settled();
    await this.bot.idle();
  }

  /** The direct messages that a person has from the bot. */
  dms(user: string) {
    return this.slack.handle.messages(this.slack.handle.directWith(user, this.app).id);
  }

  async outbox(workspaceId = this.workspaceId) {
    return this.database.asOwner<{
      action: string;
      state: string;
      error: string | null;
      alert_key: string;
      held_reason: string | null;
    }>('SELECT action, state, error, alert_key, held_reason FROM outbox WHERE workspace_id = $1 ORDER BY outbox_id', [
      workspaceId,
    ]);
  }

  async close(): Promise<void> {
    await this.bot.close();
    await new Promise((resolve) => this.server.close(resolve));
    await this.served.close();
    await this.database.close();
  }
}
