import type { Flag } from '@waymark/lifecycle';
import { expect, test } from 'vitest';
import { flagContent } from '@waymark/alerts';
import { flagCard } from './flag-card.ts';
import { whyModal } from './why-modal.ts';

const now = Date.UTC(2026, 8, 20, 10);
const at = { now, timezone: 'UTC' };
const comparison = { signal: 'deal_slips', label: 'times put off', unit: 'count', op: '>=', holds: true } as const;
const flag: Flag = {
  flagId: 'f1',
  rule: 'renewal_weak',
  ruleVersion: 1,
  kind: 'risk',
  severity: 'critical',
  title: 'Renewal near',
  reason: 'Close date put off twice',
  nextStep: 'Call the buyer.',
  playbook: 'save_renewal',
  openedAt: now - 86_400_000,
  clearedAt: null,
  proof: {
    rule: 'renewal_weak',
    ruleVersion: 1,
    definition: 'lifecycle',
    definitionDigest: 'd',
    at: now,
    evidence: [],
    comparisons: [
      { ...comparison, value: 2, threshold: 2 },
      { ...comparison, signal: 'usage_level', label: 'use', unit: 'ratio', value: null, threshold: 0.6, holds: false },
      {
        ...comparison,
        signal: 'usual_inbound_gap',
        label: 'usual gap',
        unit: 'days',
        value: 7,
        op: '!=',
        threshold: 'unknown',
      },
    ],
    clears: 'A meeting is held.',
    digest: 'abc',
  },
};

test('the proof is told in words, with the day it is of, and the playbook', () => {
  const about = {
    accountName: 'Acme',
    explanation: 'The log gives the same answer.',
    linkOf: () => 'https://w.example/e',
  };
  const words = {
    compared: ['times put off: 2, asked for at least 2', 'use: unknown, asked for at least 60 %'],
    playbook: ['Playbook: Save the renewal', '  1. Call (csm)'],
  };
  const modal = whyModal(flag, { ...about, words }, at);
  const said = JSON.stringify(modal.blocks);
  expect(said).toContain('*What was compared when it opened, on 19 Sep*');
  expect(said).toContain('times put off: 2, asked for at least 2');
  expect(said).toContain('use: unknown, asked for at least 60 %');
  expect(said).toContain('*Next step*  Call the buyer.');
  expect(said).toContain('Playbook: Save the renewal\\n  1. Call (csm)');
  expect(said).not.toMatch(/ count|ratio|rule: |unknown ratio/);
});

test('a message names the playbook', () => {
  const links = { account: () => 'https://w.example', event: () => 'https://w.example/e' };
  const content = flagContent(flag, { accountId: 'a', handling: undefined, now, links, eventUrls: new Map() });
  expect(JSON.stringify(flagCard(content, at, true))).toContain('Call the buyer. _Playbook: save renewal_');
});
