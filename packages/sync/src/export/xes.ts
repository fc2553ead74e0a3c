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

const attribute = ({ name, kind, value }: ProcessValue): string => element(elements[kind], name, value);

const extension = (name: string, prefix: string): string =>
  `<extension name="${name}" prefix="${prefix}" uri="http://www.xes-standard.org/${prefix}.xesext"/>\n`;

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n' +
  extension('Concept', 'concept') +
  extension('Time', 'time') +
  extension('Organizational', 'org') +
  extension('Identity', 'identity') +
  '<global scope="trace"><string key="concept:name" value=""/></global>\n' +
  '<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/></global>\n' +
  '<classifier name="Activity" keys="concept:name"/>\n' +
  '<classifier name="Type" keys="type"/>\n' +
  '<string key="concept:name" value="waymark"/>\n';

/**
 * The log as XES (IEEE 1849, https://www.xes-standard.org): a trace an account, an activity an event type and, for changes of stage, the
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
    `${valuesOf(event).map(attribute).join('')}</event>\n`
  );
}
