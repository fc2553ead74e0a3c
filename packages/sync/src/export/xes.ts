import type { LogRange, Tx } from '@waymark/store';
import { exportedEvents, type LoggedEvent } from './export.ts';
import { activityOf, resourceOf, valuesOf, type ProcessValue } from './values.ts';

/** Characters that XML 1.0 cannot hold, escaped or not (https://www.w3.org/TR/xml/#charsets). */
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const text = (value: string): string =>
  value
    .toWellFormed()
    .replaceAll(unprintable, '')
    .replaceAll(/[&<>"\t\n\r]/g, (found) => escapes[found] ?? '');

const elements = { string: 'string', time: 'date', integer: 'int', float: 'float', boolean: 'boolean' } as const;

const element = (name: string, key: string, value: string): string =>
  `<${name} key="${text(key)}" value="${text(value)}"/>`;

/** What an XML name cannot hold (https://www.w3.org/TR/xml/#NT-Name), and the colon, which stands behind the prefix of an extension. */
const unnamed =
  /[^-.\w\u{b7}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{37d}\u{37f}-\u{1fff}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}]/gu;

/** Values with keys that are XML names, each once, as the schema asks. */
function attributes(values: readonly ProcessValue[]): string {
  const taken = new Set<string>();
  return values
    .map(({ name, kind, value }) => {
      const plain = name.toWellFormed().replaceAll(unnamed, '_');
      let key = plain;
      for (let more = 2; taken.has(key); more += 1) key = `${plain}_${more}`;
      taken.add(key);
      return element(elements[kind], key, value);
    })
    .join('');
}

const extension = (name: string, prefix: string): string =>
  `<extension name="${name}" prefix="${prefix}" uri="http://www.xes-standard.org/${prefix}.xesext"/>\n`;

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  // A decimal, by the standard's schema.
  '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">\n' +
  extension('Concept', 'concept') +
  extension('Time', 'time') +
  extension('Organizational', 'org') +
  extension('Identity', 'identity') +
  '<global scope="trace"><string key="concept:name" value=""/></global>\n' +
  '<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/>' +
  '<string key="type" value=""/></global>\n' +
  '<classifier name="Activity" keys="concept:name"/>\n' +
  '<classifier name="Type" keys="type"/>\n' +
  '<string key="concept:name" value="waymark"/>\n';

/**
 * The log as XES (IEEE 1849-2016, https://www.xes-standard.org, with the XML schema that it gives): a trace an account, an activity an event type and, for changes of stage, the
 * stage. Events without an account belong to no trace and are left out. In blocks; memory does not grow with the log.
 */
export async function* exportXes(tx: Tx, range: LogRange = {}): AsyncGenerator<string> {
  yield head;
  let open: string | undefined;
  for await (const page of exportedEvents(tx, range)) {
    let block = '';
    for (const event of page) {
      if (event.account === undefined || event.accountId === null) continue;
      if (open !== event.accountId) {
        block += `${open === undefined ? '' : '</trace>\n'}<trace>${element('string', 'concept:name', event.account)}\n`;
        open = event.accountId;
      }
      block += eventElement(event);
    }
    if (block !== '') yield block;
  }
  yield `${open === undefined ? '' : '</trace>\n'}</log>\n`;
}

function eventElement(event: LoggedEvent): string {
  const resource = resourceOf(event);
  return (
    `<event>${element('string', 'concept:name', activityOf(event))}` +
    element('date', 'time:timestamp', new Date(event.occurredAt).toISOString()) +
    element('id', 'identity:id', event.eventId) +
    (resource === undefined ? '' : element('string', 'org:resource', resource)) +
    element('string', 'type', event.type) +
    `${attributes(valuesOf(event))}</event>\n`
  );
}
