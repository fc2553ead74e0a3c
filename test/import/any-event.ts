import fc from 'fast-check';
import { eventTypes, type EventType } from '@waymark/journey';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((one) => one.replaceAll('\0', '') || 'x');
const person = fc.oneof(
  fc.constantFrom('ana@acme.example', 'ben@other.example', 'csm@vendor.example'),
  fc.constantFrom('Zoë Lee <ZOE@acme.example>', 'agent-7'),
  fc.record({ address: fc.constant('kim@acme.example'), name: text }),
);
const people = fc.array(person, { minLength: 1, maxLength: 3 });

/** A time in one of the forms that RFC 3339 allows. */
const time = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true })
  .chain((date) => {
    const iso = date.toISOString();
    return fc.constantFrom(iso, iso.replace(/\.\d+Z$/, 'Z'), iso.replace('Z', '+02:00'), iso.replace('Z', '0019Z'));
  });

const stage = fc.constantFrom('trial', 'live', 'Zoë & co');
const least: Readonly<Partial<Record<EventType, fc.Arbitrary<Record<string, unknown>>>>> = {
  'email.received': fc.record(
    { from: person, messageId: fc.constantFrom('<a@x.example>', 'b@X.example') },
    { requiredKeys: ['from'] },
  ),
  'email.sent': fc.record({ to: people, references: fc.array(text, { maxLength: 3 }) }, { requiredKeys: ['to'] }),
  'crm.stage_changed': fc.record({ to: fc.oneof(stage, fc.integer()) }),
  'crm.property_changed': fc.record({ to: stage, property: text }),
  'crm.owner_changed': fc.record({ owner: text }),
  'usage.recorded': fc.record({ metric: text, value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  'survey.responded': fc.record({ score: fc.integer({ min: 0, max: 10 }), respondent: person }),
  'playbook.started': fc.record({ playbook: text }),
  'playbook.step_done': fc.record({ playbook: text, step: text }),
  'milestone.reached': fc.record({ milestone: text }),
  'flag.answered': fc.record({ answer: fc.constantFrom('claimed', 'useful', 'reopened') }),
  'deal.created': fc.record(
    { dealId: fc.oneof(text, fc.nat()), amount: fc.integer(), closeAt: time },
    { requiredKeys: [] },
  ),
  'contact.added': fc.record({ contact: fc.constantFrom('ana@acme.example', 'c-7') }, { requiredKeys: [] }),
};

/** What a source adds of its own. */
const more = fc.dictionary(fc.stringMatching(/^x[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });

const dataOf = (type: EventType): fc.Arbitrary<Record<string, unknown>> => {
  const family = type.slice(0, type.indexOf('.'));
  const own =
    least[type] ??
    (family === 'meeting'
      ? fc.record({ attendees: people, startsAt: time, title: text }, { requiredKeys: ['attendees'] })
      : family === 'ticket'
        ? fc.record({ ticket: fc.oneof(text, fc.nat()), requester: person }, { requiredKeys: ['ticket'] })
        : fc.constant({}));
  return fc.tuple(own, more).map(([first, second]) => ({ ...second, ...first }));
};

/** A CloudEvent of the vocabulary as any source may write it; few ids, so that some meet. */
export const anyEvent: fc.Arbitrary<Record<string, unknown>> = fc.constantFrom(...eventTypes).chain((type) =>
  fc.record(
    {
      specversion: fc.constant('1.0'),
      id: fc.oneof(
        fc.nat({ max: 5 }).map(String),
        text.filter((one) => one.trim() !== ''),
      ),
      source: fc.constantFrom('crm', 'https://desk.example/a|b', '%7C'),
      type: fc.constant(type),
      time,
      subject: fc.constantFrom('acme.example', 'Acme.Example', 'CRM-7', 'other.example'),
      data: dataOf(type),
      recordedtime: time,
      datacontenttype: fc.constant('application/json'),
      traceparent: text,
    },
    { requiredKeys: ['specversion', 'id', 'source', 'type', 'time', 'subject', 'data'] },
  ),
);
