import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diffDefinitions } from './definition-diff.ts';
import { parseDefinition, reviewDefinition } from './definition-file.ts';
import { templateFile, templateNames } from './template.ts';

const shipped = readFileSync(templateFile('nine-stages'), 'utf8');
const read = (text: string) => parseDefinition(text, 'journey.yaml');
const diff = (after: string, before = shipped) => diffDefinitions(read(before), read(after));

describe('the difference of two definitions', () => {
  it('is none where only layout, comments or the order of keys differ', () => {
    const laidOut = `# rewritten\n${shipped.replaceAll('  - { from:', '  -   { from:')}`;
    expect(diff(laidOut)).toMatchObject({ same: true, changes: [], notes: [] });
  });

  it('says what a threshold does to the rules that use it, and that the version was not raised', () => {
    const { changes, notes } = diff(shipped.replace(/(tickets_open:\n\s+value:) 5/, '$1 7'));
    expect(changes).toEqual([
      {
        part: 'threshold',
        id: 'tickets_open',
        change: 'changed',
        before: '5',
        after: '7',
        means: 'ticket_load is raised more seldom or later',
        affectsAnswers: true,
      },
    ]);
    expect(notes.join()).toMatch(/raise it/);
  });

  it('says conditions in words, and texts apart from what moves accounts', () => {
    const { changes } = diff(
      shipped.replace('value: { threshold: tickets_open }', 'value: 7').replace('title: Win-back', 'title: Won back'),
    );
    expect(changes.map(({ part, id, field, affectsAnswers }) => ({ part, id, field, affectsAnswers }))).toEqual([
      { part: 'stage', id: 'winback', field: 'title', affectsAnswers: false },
      { part: 'rule', id: 'ticket_load', field: 'when', affectsAnswers: true },
    ]);
    expect(changes[1]).toMatchObject({
      before: expect.stringContaining('open tickets (60 days) at least the threshold tickets_open'),
      after: expect.stringContaining('open tickets (60 days) at least 7'),
    });
  });

  it('tells rules that come and go', () => {
    const without = shipped
      .replace(/ {2}- id: meeting_streak[\s\S]*?(?=\n {2}- id: )/, '')
      .replace('rules:\n\n', 'rules:\n');
    expect(diff(without).changes).toContainEqual(
      expect.objectContaining({
        part: 'rule',
        id: 'meeting_streak',
        change: 'removed',
        means: 'its open flags are withdrawn',
      }),
    );
    expect(diff(shipped, without).changes).toContainEqual(
      expect.objectContaining({ part: 'rule', id: 'meeting_streak', change: 'added' }),
    );
  });

  it('tells outcomes as what changes answers where the success of the journey rests on them', () => {
    const added = (text: string) => text.replace('  renewed:\n', '  renewed:\n    - { type: flag.answered }\n');
    const told = (text: string) => diff(added(text), text);
    expect(told(shipped).changes).toMatchObject([{ part: 'outcome', id: 'renewed', affectsAnswers: true }]);
    expect(told(shipped).notes.join()).toMatch(/Success changed with the same version/);
    const without = shipped.replace('  outcome: { weight: 4 }\n', '');
    expect(told(without).changes).toMatchObject([{ part: 'outcome', id: 'renewed', affectsAnswers: false }]);
  });

  it('warns where two files are two journeys', () => {
    expect(diff(shipped.replace(/^id: lifecycle/m, 'id: other')).notes.join()).toMatch(/different journeys/);
  });
});

describe('what a definition leaves open', () => {
  it.each(templateNames)('is nothing in %s', (name) => {
    const { advice } = reviewDefinition(readFileSync(templateFile(name), 'utf8'), name);
    expect(advice).toEqual([]);
  });

  it('is named with line, field and remedy', () => {
    const text = shipped
      .replace(/^ {2}failure: .*\n/m, '')
      .replace('suppressedBy: [any_risk]', 'suppressedBy: []')
      .replace('thresholds:\n', 'thresholds:\n  nobody_needs:\n    value: 3\n');
    const { advice } = reviewDefinition(text, 'journey.yaml');
    expect(advice.map((one) => one.path)).toEqual([
      'questions',
      'thresholds.nobody_needs',
      expect.stringMatching(/^rules\.\d+\.suppressedBy$/),
    ]);
    expect(advice[0]).toMatchObject({
      message: 'nobody has said how failure is handled',
      remedy: 'answer failure under questions',
    });
    expect(text.split('\n')[(advice[1]?.line ?? 0) - 1]).toMatch(/value: 3|nobody_needs/);
  });
});
