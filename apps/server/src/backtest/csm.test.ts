import { describe, expect, it } from 'vitest';
import type { Fact } from '@waymark/lifecycle';
import { csmOf } from './csm.ts';

const DAY = 86_400_000;
const fact = (day: number, type: Fact['type'], rest: Partial<Fact>): Fact => ({
  id: `${day}`,
  type,
  occurredAt: day * DAY,
  recordedAt: day * DAY,
  touchpoint: 'email',
  direction: 'none',
  participants: [],
  automated: false,
  attributes: {},
  ...rest,
});
const sent = (day: number, by: string) =>
  fact(day, 'email.sent', {
    direction: 'outbound',
    participants: [
      { role: 'from', address: by },
      { role: 'to', address: 'zoe@acme.example' },
    ],
  });
const received = (day: number, to: string) =>
  fact(day, 'email.received', {
    direction: 'inbound',
    participants: [
      { role: 'from', address: 'zoe@acme.example' },
      { role: 'to', address: to },
    ],
  });
const owner = (day: number, name: string) =>
  fact(day, 'crm.owner_changed', { touchpoint: 'crm', attributes: { owner: name } });
const known = { recorded: null, domain: 'acme.example' };

describe('whose an account was', () => {
  it('is what the CRM names, then and now', () => {
    const csm = csmOf([sent(1, 'ana@us.example'), owner(5, 'bo@us.example'), owner(9, 'cy@us.example')], known);
    expect([6, 9].map((day) => csm(day * DAY))).toEqual(['bo@us.example', 'cy@us.example']);
    expect(csmOf([sent(1, 'ana@us.example')], { ...known, recorded: 'di@us.example' })(DAY)).toBe('di@us.example');
  });

  it('is who was in touch most lately, where nobody is named', () => {
    const facts = [
      sent(1, 'ana@us.example'),
      sent(2, 'ana@us.example'),
      received(80, 'bo@us.example'),
      sent(85, 'cy@us.example'),
      sent(95, 'cy@us.example'),
    ];
    const csm = csmOf(facts, known);
    expect([0, 3, 81, 95, 400].map((day) => csm(day * DAY))).toEqual([
      null,
      'ana@us.example',
      'ana@us.example',
      'cy@us.example',
      'cy@us.example',
    ]);
  });

  it('is nobody of the customer, and nobody whom a meeting does not show', () => {
    const meeting = fact(3, 'meeting.held', {
      touchpoint: 'meeting',
      participants: [
        { role: 'attendee', address: 'zoe@eu.acme.example' },
        { role: 'attendee', address: 'ana@us.example' },
      ],
    });
    expect(csmOf([meeting], known)(4 * DAY)).toBe('ana@us.example');
    expect(csmOf([received(1, 'info@acme.example')], known)(4 * DAY)).toBeNull();
    expect(csmOf([fact(1, 'usage.recorded', { touchpoint: 'product' })], known)(4 * DAY)).toBeNull();
  });
});
