import { contractSuite } from '@waymark/connector-kit/testing';
import { describe, expect, it } from 'vitest';
import { broken, setAside, stored, surveySettings } from '../fixtures/deliveries.ts';
import { webhook } from './index.ts';

const context = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'webhook', label: 'Webhook' },
  settings: surveySettings,
  keepSubjects: false,
  readAt: Date.UTC(2026, 9, 2),
};
const nobody = 'There is no vendor that we call: others post to us.';

contractSuite({
  connector: webhook,
  context,
  fixtures: {
    deliveries: [
      ...Object.entries(stored).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: { deliveries: [{ after: null }, { after: '42' }] },
  errors: [{ error: new Error('the inbox could not be read'), kind: 'transient' }],
  unreachable: {
    'cursor-expired': nobody,
    'rate-limited': nobody,
    'quota-exhausted': nobody,
    'auth-revoked': nobody,
    'token-expired': nobody,
    'scope-missing': nobody,
    'record-gone': nobody,
    rejected: nobody,
  },
});

describe('webhook maps', () => {
  const [stream] = webhook.streams;
  const map = (raw: unknown, keepSubjects = false) => {
    if (!stream) throw new Error('there is a stream');
    const mapped = stream.map(stream.raw.parse(raw), { ...context, keepSubjects });
    if (mapped.outcome !== 'stored') throw new Error(`ended ${mapped.reason}`);
    return mapped.events;
  };

  it.each(Object.entries(setAside))('I9: sets aside %s, and says what to change', (_name, { raw, why }) => {
    expect(() => map(raw)).toThrow(why);
  });

  it('a survey with its score, its account and its respondent', () => {
    expect(map(stored['a survey by its mapping'])).toMatchObject([
      {
        type: 'survey.responded',
        identity: 'import:survey|r-1',
        occurredAt: Date.UTC(2026, 9, 1, 8),
        subject: 'fjord.example',
        direction: 'inbound',
        participants: [{ role: 'respondent', address: 'noor@fjord.example' }],
        attributes: { score: 9, kind: 'nps' },
      },
    ]);
  });

  it('an item with what stands beside the list, its time in seconds', () => {
    expect(map(stored['one of several items'])).toMatchObject([
      {
        identity: 'import:usage|fjord.example-2026-10-01',
        occurredAt: 1_790_899_199_000,
        attributes: { value: 14, plan: 'team' },
      },
    ]);
  });

  it('an address as subject to a person, and to no account', () => {
    const [event] = map(stored['an event whose subject is an address']);
    expect(event).toMatchObject({ participants: [{ role: 'contact', address: 'noor@fjord.example' }] });
    expect(event).not.toHaveProperty('subject');
  });

  it('subjects only where they are wanted, nor by the way of what is kept whole', () => {
    const raw = {
      form: 'cloudevent',
      event: {
        specversion: '1.0',
        id: 't-1',
        source: 'desk',
        type: 'ticket.opened',
        time: '2026-10-01T00:00:00.000Z',
        subject: 'fjord.example',
        data: { ticket: 7, subject: 'The secret of the pyramids' },
      },
    };
    expect(JSON.stringify(map(raw))).not.toContain('pyramids');
    expect(JSON.stringify(map(raw, true))).toContain('pyramids');
  });
});
