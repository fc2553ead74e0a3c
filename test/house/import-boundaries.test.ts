import { describe, expect, it } from 'vitest';
import { brokenRules, importRules } from './import-rules.ts';
import { parseSource, readSources } from './source-file.ts';

const sources = readSources();

/** For every rule: sources that must break it, and one beside them that must not. */
const planted: Readonly<
  Record<
    string,
    { readonly bad: readonly (readonly [path: string, text: string])[]; readonly good: readonly [string, string] }
  >
> = {
  'a package imports only the packages beneath it': {
    bad: [
      ['packages/alerts/src/x.ts', "import { fold } from '@waymark/lifecycle';"],
      ['packages/connectors/gmail/src/x.ts', "import { openDatabase } from '@waymark/store';"],
      ['packages/connectors/gmail/src/x.ts', "import { hubspot } from '@waymark/connector-hubspot';"],
      ['packages/connector-kit/template/src/x.ts', "import { openDatabase } from '@waymark/store';"],
      ['packages/sync/src/x.ts', "export { start } from '@waymark/server';"],
      ['apps/server/src/x.ts', "import { gmail } from '@waymark/connector-gmail';"],
      ['apps/sandbox/src/x.ts', "import type { Flag } from '@waymark/lifecycle';"],
      ['packages/newcomer/src/x.ts', 'export const x = 1;'],
    ],
    good: [
      'packages/alerts/src/x.ts',
      "import type { Flag } from '@waymark/lifecycle'; import { z } from '@waymark/journey';",
    ],
  },
  'a package is entered through its exports, never through its folder': {
    bad: [
      ['packages/sync/src/x.ts', "import { x } from '../../store/src/database.ts';"],
      ['packages/sync/src/x.ts', "import { x } from '@waymark/store/src/database.ts';"],
    ],
    good: ['packages/sync/src/deep/x.ts', "import { x } from '../run.ts'; import { y } from '@waymark/store';"],
  },
  'journey imports nothing but zod and hashing': {
    bad: [['packages/journey/src/x.ts', "import { DateTime } from 'luxon';"]],
    good: ['packages/journey/src/x.ts', "import { z } from 'zod'; import { hash } from 'node:crypto';"],
  },
  'a pure package has no clock, no chance, no process, no driver and no network': {
    bad: [
      ['packages/lifecycle/src/x.ts', 'export const x = Date.now();'],
      ['packages/lifecycle/src/x.ts', 'export const x = new Date();'],
      ['packages/identity/src/x.ts', 'export const x = Math.random();'],
      ['packages/alerts/src/x.ts', "import { DateTime } from 'luxon'; export const x = DateTime.now();"],
      ['packages/alerts/src/x.ts', 'export const x = () => process.cwd();'],
      ['packages/alerts/src/x.ts', 'const { argv } = process; export { argv };'],
      ['packages/analytics/src/x.ts', "import { readFile } from 'node:fs/promises'; export { readFile };"],
      ['packages/analytics/src/x.ts', "import { randomUUID } from 'node:crypto'; export { randomUUID };"],
      ['packages/analytics/src/x.ts', "import pg from 'pg'; export { pg };"],
      ['packages/identity/src/x.ts', "export const x = () => fetch('https://example.com');"],
      ['packages/identity/src/x.ts', 'export const x = () => setTimeout(() => undefined, 1);'],
    ],
    good: [
      'packages/lifecycle/src/x.ts',
      "import { createHash } from 'node:crypto'; export const x = (at: number) => new Date(at);",
    ],
  },
  'only a connector depends on its vendor, only the bot on Slack': {
    bad: [
      ['apps/server/src/x.ts', "import { Client } from '@hubspot/api-client';"],
      ['packages/connectors/gmail/src/x.ts', "import type { Client } from '@hubspot/api-client';"],
      ['packages/alerts/src/x.ts', "import type { KnownBlock } from '@slack/types';"],
    ],
    good: ['apps/slack-bot/src/x.ts', "import type { KnownBlock } from '@slack/types';"],
  },
  'googleapis is imported by API, and only when it is needed': {
    bad: [
      ['packages/connectors/gmail/src/x.ts', "import { gmail } from 'googleapis/build/src/apis/gmail/index.js';"],
      ['packages/connectors/gmail/src/x.ts', "export const x = () => import('googleapis');"],
    ],
    good: [
      'packages/connectors/gmail/src/x.ts',
      "export const x = () => import('googleapis/build/src/apis/gmail/index.js');",
    ],
  },
  'only apps read the environment': {
    bad: [
      ['packages/store/src/x.ts', 'export const x = process.env.DATABASE_URL;'],
      ['packages/store/src/x.ts', 'const { env } = process; export { env };'],
      ['packages/sync/src/x.ts', "import { env } from 'node:process'; export { env };"],
    ],
    good: ['apps/server/src/x.ts', 'export const x = process.env.DATABASE_URL;'],
  },
  'only the store speaks SQL': {
    bad: [
      ['packages/sync/src/x.ts', 'export const x = `SELECT 1 FROM account WHERE workspace_id = ${1}`;'],
      ['apps/server/src/x.ts', "export const x = 'DELETE FROM account';"],
      ['apps/server/src/x.ts', "import pg from 'pg'; export { pg };"],
      // What asks Salesforce stands in one file of its connector, and in no other.
      ['packages/connectors/salesforce/src/x.ts', "export const x = 'SELECT Id FROM Account';"],
      ['packages/connectors/gmail/src/soql.ts', "export const x = 'SELECT Id FROM Account';"],
      ['packages/connectors/salesforce/src/soql.ts', "import pg from 'pg'; export { pg };"],
    ],
    good: ['packages/store/src/x.ts', "import pg from 'pg'; export const x = 'SELECT 1'; export { pg };"],
  },
  'only sync commits cursors': {
    bad: [
      ['apps/server/src/x.ts', "import { commitCursor } from '@waymark/store';"],
      ['packages/writeback/src/x.ts', "import * as store from '@waymark/store';"],
    ],
    good: ['packages/sync/src/x.ts', "import { commitCursor } from '@waymark/store';"],
  },
  'a file is named for a noun of the domain': {
    bad: [
      ['packages/sync/src/utils.ts', 'export const x = 1;'],
      ['packages/sync/src/helpers/x.ts', 'export const x = 1;'],
      ['packages/sync/src/pages/index.ts', "export { x } from './x.ts';"],
    ],
    good: ['packages/sync/src/page.ts', 'export const x = 1;'],
  },
};

describe('the import rules', () => {
  it('are kept by every source', () => {
    expect(sources.length).toBeGreaterThan(250);
    expect(new Set(sources.map(({ room }) => room)).size).toBeGreaterThanOrEqual(16);
    expect(brokenRules(sources)).toEqual([]);
  });

  it('each see a planted violation, and let its neighbor pass', () => {
    expect(Object.keys(planted).toSorted()).toEqual(importRules.map(({ name }) => name).toSorted());
    for (const rule of importRules) {
      const { bad = [], good } = planted[rule.name] ?? {};
      for (const [path, text] of bad)
        expect(brokenRules([parseSource(path, text)], [rule]), `${path}: ${text}`).not.toEqual([]);
      if (good) expect(brokenRules([parseSource(...good)]), good[1]).toEqual([]);
    }
  });

  it('let Salesforce’s own query language stand in its one file', () => {
    const [path, text] = ['packages/connectors/salesforce/src/soql.ts', "export const x = 'SELECT Id FROM Account';"];
    const parsed = parseSource(path, text);
    expect(parsed.sql).not.toEqual([]);
    expect(brokenRules([parsed])).toEqual([]);
    expect(sources.find((source) => source.path === path)?.sql).not.toEqual([]);
  });

  it('find the real imports: connectors are lazy, and someone commits cursors', () => {
    const loaded = sources.flatMap(({ imports }) => imports.filter(({ lazy }) => lazy).map(({ from }) => from));
    expect(loaded).toContain('@waymark/connector-hubspot');
    const names = sources
      .filter(({ room }) => room === 'packages/sync')
      .flatMap(({ imports }) => imports.flatMap((taken) => taken.names));
    expect(names).toContain('commitCursor');
  });
});
