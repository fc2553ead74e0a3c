import { once } from 'node:events';
import type { Finding } from '@waymark/connector-kit';
import { slackScopes } from '@waymark/slack-bot';
import { saveGrant, writeLiveOutages, type Tx } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { v7 as uuidv7 } from 'uuid';
import { DAY, furnish, now, openOn, type Furnished } from '../../status/testing/furnished.ts';
import type { Waymark } from '../../waymark.ts';
import { runDoctor } from '../doctor.ts';
import { openWorld, type World } from './world.ts';

/** A healthy workspace on a test's database, to plant defects in, with an outside world that can be asked. */
export interface Clinic {
  readonly database: TestDatabase;
  /** Where the outside world is, and the address from outside as well. */
  readonly url: string;
  readonly waymark: Waymark;
  readonly world: World;
  /** The workspace of the present test. */
  readonly patient: () => Furnished;
  /** How many workspaces there have been: the present one is marked `acme<number>`. */
  readonly number: () => number;
  readonly nextPatient: () => Promise<void>;
  readonly inside: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Runs the doctor; `live` asks the outside world as well. */
  readonly examine: (live?: boolean) => Promise<readonly Finding[]>;
  readonly codes: (live?: boolean) => Promise<readonly string[]>;
  readonly found: (code: string, live?: boolean) => Promise<Finding | undefined>;
  /** Adds an installation with a sealed token. Returns its id. */
  readonly grant: (
    connector: string,
    provider: string,
    scopes: string[],
    settings?: Record<string, unknown>,
  ) => Promise<string>;
  /** Has it noted that an installation is read and told nothing of mails for nine days. */
  readonly silence: (installationId: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export async function openClinic(): Promise<Clinic> {
  const { world, server } = openWorld();
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const database = await testDatabase();
  const waymark = await openOn(database, {
    WAYMARK_GOOGLE_URL: url,
    WAYMARK_HUBSPOT_URL: url,
    WAYMARK_SLACK_URL: url,
    WAYMARK_PUBLIC_URL: url,
  });
  let made = 0;
  let acme: Furnished | undefined;
  const patient = (): Furnished => {
    if (!acme) throw new Error('nextPatient() comes first');
    return acme;
  };
  const inside: Clinic['inside'] = (work) => waymark.database.inWorkspace(patient().workspace.workspaceId, work);
  const examine: Clinic['examine'] = (live = false) => runDoctor(waymark, patient().workspace.workspaceId, { live });
  const grant: Clinic['grant'] = async (connector, provider, scopes, settings = {}) => {
    const installationId = uuidv7();
    const { workspaceId } = patient().workspace;
    const accessToken = await waymark.sealer.seal(workspaceId, installationId, 'access_token', 'secret-token');
    await inside((tx) =>
      saveGrant(
        tx,
        {
          installationId,
          connector,
          provider,
          externalAccountId: connector === 'hubspot' ? '4711' : `${connector}-${made}`,
          label: `${connector} of acme`,
          address: null,
          settings,
          grantedScopes: scopes,
          accessToken,
          refreshToken: null,
          accessExpiresAt: null,
        },
        now - 30 * DAY,
      ),
    );
    return installationId;
  };
  return {
    database,
    url,
    waymark,
    world,
    patient,
    number: () => made,
    nextPatient: async () => {
      made += 1;
      acme = await furnish(waymark, database, `acme${made}`, { defaultChannel: 'C0DEFAULT1' });
      world.heal(`maya@acme${made}-vendor.example`);
      await grant('slack', 'slack', [...slackScopes], { teamId: 'T1', alertsFrom: now });
      await inside((tx) =>
        tx.query('UPDATE member SET slack_user_id = $2 WHERE workspace_id = $1', [tx.workspaceId, 'U1']),
      );
      await inside((tx) =>
        tx.query('UPDATE installation SET push_checked_at = $2 WHERE workspace_id = $1', [
          tx.workspaceId,
          new Date(now),
        ]),
      );
    },
    inside,
    silence: (source) =>
      inside((tx) => writeLiveOutages(tx, [{ source, touchpoint: 'email', from: now - 9 * DAY, to: null }], now - DAY)),
    examine,
    codes: async (live) => (await examine(live)).map((one) => one.code),
    found: async (code, live) => (await examine(live)).find((one) => one.code === code),
    grant,
    close: async () => {
      await waymark.close();
      await database.close();
      server.close();
    },
  };
}
