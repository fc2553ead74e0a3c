import { createHash } from 'node:crypto';
import { addressKey, domainOf, Exclusions, type ExclusionRule } from '@waymark/identity';
import { stableJson } from '@waymark/journey';
import {
  accountsTelling,
  addReceipt,
  contactAddresses,
  deleteSightings,
  dropSetAside,
  emptySources,
  excludableRows,
  forgetPeople,
  forgetStates,
  projectAccounts,
  recordAudit,
  rewriteTraces,
  sourcesOfInstallation,
  tracesOf,
  wakeAccounts,
  type AccountChange,
  type ExcludableFilter,
  type ExcludableRow,
  type ExclusionReceipt,
  type SightingKey,
  type Trace,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { lookupFor } from './assignments-in-force.ts';
import { refreshQueue, rematchThreads, threadsOf } from './attribution.ts';

/** Sightings that are looked at together. */
const chunkRows = 2_000;

/** Who purges what, and when; `setAside` are the records set aside that the rule names, found out before (they are sealed). */
export interface PurgeOrder {
  readonly rule: ExclusionRule;
  readonly setAside: readonly string[];
  readonly by: string;
  readonly at: number;
  /** Counts of what was taken away beside. */
  readonly beside?: Readonly<Record<string, number>>;
}

/**
 * Takes away for good what a rule excludes: sightings in all their forms, the content of their records, what was set aside, people, and
 * what flags, stages and messages tell of it. Accounts that lose anything are woken. Leaves a receipt and an audit entry that name nobody.
 */
export async function purge(tx: Tx, order: PurgeOrder): Promise<ExclusionReceipt> {
  const { rule, at, by } = order;
  const found = await rowsOf(tx, rule);
  const records = new Set(found.map((row) => row.sourceId));
  if (rule.kind === 'installation') for (const id of await sourcesOfInstallation(tx, rule.value)) records.add(id);
  const changes = await takeAway(tx, found, [...records], `excluded_${rule.kind}`, at);
  await dropSetAside(tx, [...order.setAside, ...records]);
  const people = await forgetPeople(tx, await whoIs(tx, rule), at);
  const traces = await scrubTraces(tx, changes, found, rule);
  await wakeAccounts(tx, changes, at);
  await refreshQueue(tx);
  const counts = {
    events: new Set(found.map((row) => row.eventId)).size,
    sightings: found.length,
    records: records.size,
    setAside: order.setAside.length,
    ...people,
    ...traces,
    ...order.beside,
  };
  return receiptFor(tx, { rule, action: 'purged', counts, ids: found.map(keyText), by, at });
}

/** Takes away sightings that a page has just ended because their record is excluded now. */
export async function purgeRows(
  tx: Tx,
  keys: readonly SightingKey[],
  accounts: readonly AccountChange[],
  purged: { readonly rule: ExclusionRule; readonly by: string; readonly at: number },
): Promise<void> {
  if (keys.length === 0) return;
  await deleteSightings(tx, keys);
  const traces = await scrubTraces(tx, accounts, keys, purged.rule);
  const counts = {
    events: new Set(keys.map((one) => one.eventId)).size,
    sightings: keys.length,
    records: new Set(keys.map((one) => one.sourceId)).size,
    ...traces,
  };
  await receiptFor(tx, { ...purged, action: 'purged', counts, ids: keys.map(keyText) });
}

/** Events of a person that are an account's, where the two are excluded as a pair: matching may have led them there since. */
export async function purgePairs(tx: Tx, exclusions: Exclusions, at: number): Promise<readonly AccountChange[]> {
  const changes: AccountChange[] = [];
  for (const rule of exclusions.accountPairs) {
    const found = await rowsOf(tx, rule);
    if (found.length === 0) continue;
    const taken = await takeAway(tx, found, [...new Set(found.map((row) => row.sourceId))], 'excluded_pair', at);
    const traces = await scrubTraces(tx, taken, found, rule);
    const counts = { events: new Set(found.map((row) => row.eventId)).size, sightings: found.length, ...traces };
    await receiptFor(tx, { rule, action: 'purged', counts, ids: found.map(keyText), by: 'matching', at });
    changes.push(...taken);
  }
  await wakeAccounts(tx, changes, at);
  return changes;
}

/** Keeps a receipt, and says in the audit log that there is one. */
export async function receiptFor(
  tx: Tx,
  done: {
    readonly rule: Pick<ExclusionRule, 'exclusionId' | 'kind'>;
    readonly action: ExclusionReceipt['action'];
    readonly counts: Readonly<Record<string, number>>;
    readonly ids: readonly string[];
    readonly by: string;
    readonly at: number;
  },
): Promise<ExclusionReceipt> {
  const { exclusionId, kind } = done.rule;
  const said = {
    receiptId: uuidv7(),
    exclusionId,
    kind,
    action: done.action,
    counts: done.counts,
    at: done.at,
    by: done.by,
  };
  const digest = createHash('sha256')
    .update(stableJson([said, [...done.ids].sort()]))
    .digest('hex');
  const receipt = { ...said, digest };
  await addReceipt(tx, receipt);
  await recordAudit(tx, {
    at: done.at,
    actor: done.by,
    action: `exclusion.${done.action}`,
    subject: `exclusion:${exclusionId}`,
    detail: { kind, receipt: receipt.receiptId, counts: done.counts, digest },
  });
  return receipt;
}

const keyText = (key: SightingKey) => `${key.eventId}|${key.sourceId}|${key.generation}`;

/** All sightings that a rule excludes, walked over a part at a time. */
async function rowsOf(tx: Tx, rule: ExclusionRule): Promise<readonly ExcludableRow[]> {
  const exclusions = new Exclusions([rule]);
  const pairOf = rule.other.startsWith('account:') ? rule.other.slice(8) : undefined;
  const found: ExcludableRow[] = [];
  let after: ExcludableRow | null = null;
  for (;;) {
    const rows: readonly ExcludableRow[] = await excludableRows(tx, searchFor(rule, pairOf), after, chunkRows);
    for (const row of rows) {
      const asked = { ...row, subject: row.subject ?? undefined, title: row.title ?? undefined };
      const hit = pairOf === undefined ? exclusions.of(asked) : exclusions.ofPair(row.participants, row.accountId);
      if (hit) found.push(row);
    }
    after = rows.at(-1) ?? null;
    if (rows.length < chunkRows) return found;
  }
}

/** What the database can tell of it: lets more through than is meant, never less. */
function searchFor(rule: ExclusionRule, pairOf: string | undefined): ExcludableFilter {
  const like = (text: string) => `%${text.replaceAll(/[\\%_]/g, (special) => `\\${special}`)}%`;
  const scope = rule.scope === '' ? {} : { installationId: rule.scope };
  switch (rule.kind) {
    case 'domain':
      return { ...scope, patterns: [like(rule.value)] };
    case 'person':
    case 'pair': {
      const domain = domainOf(rule.value) ?? rule.value;
      const patterns = (domain === 'gmail.com' ? [domain, 'googlemail.com'] : [domain]).map(like);
      return { ...scope, patterns, ...(pairOf !== undefined && { accountId: pairOf }) };
    }
    case 'label':
      return { ...scope, tagged: true };
    case 'keyword':
      return { ...scope, title: like(rule.value) };
    case 'installation':
      return { installationId: rule.value };
  }
}

/** Deletes sightings, empties their records, and gives what is left its accounts. */
async function takeAway(
  tx: Tx,
  found: readonly ExcludableRow[],
  sourceIds: readonly string[],
  reason: string,
  at: number,
): Promise<readonly AccountChange[]> {
  await deleteSightings(tx, found);
  await emptySources(tx, sourceIds, reason);
  const lost = found.flatMap((row): AccountChange[] =>
    row.accountId === null ? [] : [{ accountId: row.accountId, earliest: row.occurredAt }],
  );
  const moved = await projectAccounts(tx, [...new Set(found.map((row) => row.eventId))], at);
  const inThreads = await rematchThreads(tx, await lookupFor(tx), threadsOf(found), at);
  return [...lost, ...moved, ...inThreads];
}

/** Whom a rule forgets altogether: a person or the people of a domain; nobody where only some of their mail is excluded. */
async function whoIs(tx: Tx, rule: ExclusionRule) {
  if (rule.scope === '' && rule.kind === 'domain') {
    const addresses = await contactAddresses(tx, rule.value);
    return { addresses, keys: addresses.map(addressKey), domain: rule.value };
  }
  if (rule.scope === '' && rule.kind === 'person') {
    const domain = domainOf(rule.value) ?? rule.value;
    const domains = domain === 'gmail.com' ? [domain, 'googlemail.com'] : [domain];
    const near = (await Promise.all(domains.map((one) => contactAddresses(tx, one)))).flat();
    return { addresses: near.filter((one) => addressKey(one) === rule.value), keys: [rule.value], domain: null };
  }
  return { addresses: [], keys: [], domain: null };
}

const gone = '(excluded)';

/** Takes out of flags, stages and messages what they tell of the purged; the next fold writes them anew from what is left. */
async function scrubTraces(
  tx: Tx,
  changes: readonly AccountChange[],
  rows: readonly (SightingKey | ExcludableRow)[],
  rule: ExclusionRule,
): Promise<{ readonly flags: number; readonly stages: number; readonly messages: number }> {
  const accountIds = [...new Set(changes.map((one) => one.accountId))];
  const events = new Set(rows.map((row) => row.eventId));
  const words = wordsOf(rows, rule);
  // Also of accounts that the events left before, by a decision or a merge.
  const telling = [...new Set([...accountIds, ...(await accountsTelling(tx, [...events]))])];
  const scrubbed = (await tracesOf(tx, telling)).flatMap((one): Trace[] => {
    const text = JSON.stringify(one.detail).toLowerCase();
    const tells = words.some((word) => text.includes(word)) || [...uuidsIn(text)].some((id) => events.has(id));
    if (!tells) return [];
    return [{ ...one, detail: asRecord(scrub(one.detail, events, words)) }];
  });
  await rewriteTraces(tx, scrubbed.map(unlikeAny));
  await forgetStates(tx, accountIds);
  const count = (tables: readonly Trace['table'][]) => scrubbed.filter((one) => tables.includes(one.table)).length;
  return { flags: count(['flag']), stages: count(['stage_period']), messages: count(['outbox', 'alert_message']) };
}

/** Addresses and names by which somebody who was excluded could be told. */
function wordsOf(rows: readonly (SightingKey | ExcludableRow)[], rule: ExclusionRule): readonly string[] {
  const byPerson = rule.kind === 'person' || rule.kind === 'domain' || rule.kind === 'pair';
  const words = new Set<string>();
  if (rule.kind === 'person' || rule.kind === 'domain') words.add(rule.value);
  for (const row of rows) {
    if (!byPerson || !('participants' in row)) continue;
    for (const { address, name } of row.participants) {
      if (
        address === undefined ||
        !new Exclusions([{ ...rule, kind: rule.kind === 'domain' ? 'domain' : 'person', scope: '' }]).ofAddress(address)
      )
        continue;
      words.add(address.toLowerCase());
      // A short name would be found in half of all texts.
      if (name !== undefined && name.length > 4) words.add(name.toLowerCase());
    }
  }
  return [...words];
}

const uuidsIn = (text: string): ReadonlySet<string> =>
  new Set(text.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g) ?? []);

/** The same value without entries that point to purged events, and without texts that name somebody. */
function scrub(value: unknown, events: ReadonlySet<string>, words: readonly string[]): unknown {
  if (typeof value === 'string') {
    const lower = value.toLowerCase();
    return words.some((word) => lower.includes(word)) || events.has(lower) ? gone : value;
  }
  if (Array.isArray(value))
    return value.filter((one) => !pointsTo(one, events)).map((one) => scrub(one, events, words));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, scrub(inner, events, words)]));
}

const pointsTo = (value: unknown, events: ReadonlySet<string>): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'eventId' in value &&
  typeof value.eventId === 'string' &&
  events.has(value.eventId);

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** Flags and stages are told from what the log says by these fields: what was scrubbed is not taken for it. */
function unlikeAny(trace: Trace): Trace {
  const { detail } = trace;
  const proof = asRecord(detail['proof']);
  if (trace.table === 'flag')
    return { ...trace, detail: { ...detail, key: 'purged', proof: { ...proof, digest: 'purged' } } };
  if (trace.table === 'stage_period') return { ...trace, detail: { ...detail, proof: { ...proof, digest: 'purged' } } };
  return trace;
}
