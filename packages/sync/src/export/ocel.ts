import { printTime } from '@waymark/journey';
import { readSettings, type LogRange, type Tx } from '@waymark/store';
import { exportedEvents, type LoggedEvent } from './export.ts';
import { valuesOf, type ProcessValue } from './values.ts';

interface OcelObject {
  readonly id: string;
  readonly type: 'account' | 'contact' | 'colleague' | 'deal' | 'ticket';
  /** What it is called where it comes from. */
  readonly name: string;
  readonly qualifier: string;
}

const objectTypes = ['account', 'contact', 'colleague', 'deal', 'ticket'] as const;
/** Values that do not change over time are dated so (OCEL 2.0, section 7). */
const always = '1970-01-01T00:00:00Z';

/**
 * The log as OCEL 2.0 JSON (https://www.ocel-standard.org/2.0/ocel20-schema-json.json): every event with the account, people, deal and
 * ticket that it is about. Values are texts, as the schema wants; their types are declared. In blocks, and the log is walked twice, so
 * that nothing but the ids of people is held in memory.
 */
export async function* exportOcel(tx: Tx, range: LogRange = {}): AsyncGenerator<string> {
  const settings = await readSettings(tx);
  const own = new Set(settings.ownDomains.map((domain) => domain.toLowerCase()));
  const types = new Map<string, Map<string, ProcessValue['kind']>>();
  yield '{"events":[';
  let separator = '\n';
  for await (const page of exportedEvents(tx, range)) {
    let block = '';
    for (const event of page) {
      const values = valuesOf(event);
      declare(types, event.type, values);
      block += separator + JSON.stringify(eventOf(event, values, objectsOf(event, own)));
      separator = ',\n';
    }
    if (block !== '') yield block;
  }
  // Objects come after the events: whatever is stored meanwhile can only add to them.
  yield '\n],"objects":[';
  separator = '\n';
  for await (const block of objectBlocks(tx, range, own)) {
    yield separator + block.join(',\n');
    separator = ',\n';
  }
  const named = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  yield `\n],"eventTypes":${JSON.stringify(named.map(([name, declared]) => ({ name, attributes: attributesOf(declared) })))}`;
  const attributes = [{ name: 'name', type: 'string' }];
  yield `,"objectTypes":${JSON.stringify(objectTypes.map((name) => ({ name, attributes })))}}\n`;
}

const attributesOf = (declared: ReadonlyMap<string, ProcessValue['kind']>) =>
  [...declared].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, type]) => ({ name, type }));

function declare(
  types: Map<string, Map<string, ProcessValue['kind']>>,
  type: string,
  values: readonly ProcessValue[],
): void {
  const declared = types.get(type) ?? new Map<string, ProcessValue['kind']>();
  types.set(type, declared);
  for (const { name, kind } of values) {
    const before = declared.get(name) ?? kind;
    const number = (one: string) => one === 'integer' || one === 'float';
    declared.set(name, before === kind ? kind : number(before) && number(kind) ? 'float' : 'string');
  }
}

function eventOf(event: LoggedEvent, values: readonly ProcessValue[], objects: readonly OcelObject[]) {
  return {
    id: event.eventId,
    type: event.type,
    time: printTime(event.occurredAt),
    attributes: values.map(({ name, value }) => ({ name, value: value.toWellFormed() })),
    relationships: objects.map(({ id, qualifier }) => ({ objectId: id, qualifier })),
  };
}

/** The objects of the walk, each once. */
async function* objectBlocks(tx: Tx, range: LogRange, own: ReadonlySet<string>): AsyncGenerator<readonly string[]> {
  const people = new Set<string>();
  let ofAccount = new Set<string>();
  let account: string | null | undefined;
  for await (const page of exportedEvents(tx, range)) {
    const block: string[] = [];
    for (const event of page) {
      if (event.accountId !== account) [account, ofAccount] = [event.accountId, new Set()];
      const objects = objectsOf(event, own);
      const [first] = objects;
      const belongs = first?.type === 'account' ? [{ objectId: first.id, qualifier: 'account' }] : [];
      for (const { id, type, name } of objects) {
        const seen = type === 'contact' || type === 'colleague' ? people : ofAccount;
        if (seen.has(id)) continue;
        seen.add(id);
        const relationships = type === 'account' || type === 'colleague' ? [] : belongs;
        block.push(
          JSON.stringify({ id, type, attributes: [{ name: 'name', value: name, time: always }], relationships }),
        );
      }
    }
    if (block.length > 0) yield block;
  }
}

/** What an event is about, its account first. Tickets and deals are told apart by account: two sources may count from one. */
function objectsOf(event: LoggedEvent, own: ReadonlySet<string>): readonly OcelObject[] {
  const objects = new Map<string, OcelObject>();
  const add = (type: OcelObject['type'], key: string, name: string, qualifier: string): void => {
    const id = `${type}:${key}`.toWellFormed();
    if (!objects.has(id)) objects.set(id, { id, type, name: name.toWellFormed(), qualifier });
  };
  const { account, accountId, attributes, participants } = event;
  if (account !== undefined && accountId !== null) add('account', accountId, account, 'account');
  for (const [type, key] of [
    ['deal', 'dealId'],
    ['ticket', 'ticketId'],
  ] as const) {
    const name = attributes[key];
    if (typeof name === 'string') add(type, `${accountId ?? ''}/${name}`, name, type);
  }
  for (const { role, address, external } of participants) {
    const key = address ?? external;
    if (key === undefined) continue;
    const domain = address?.slice(address.lastIndexOf('@') + 1) ?? '';
    add(own.has(domain) ? 'colleague' : 'contact', key, key, role);
  }
  return [...objects.values()];
}
