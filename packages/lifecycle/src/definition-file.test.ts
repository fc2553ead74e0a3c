import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DefinitionError, parseDefinition } from './definition-file.ts';
import { definitionDigest } from './journey.ts';
import { templateFile, templateNames } from './template.ts';

const small = `id: small
version: 1
title: Small
type: linear
stages:
  - id: start
    title: Start
    enter:
      - from: [none]
  - id: live
    title: Live
    enter:
      - from: [start]
        when: { signal: days_in_stage, op: '>=', value: 30 }
`;

function issuesOf(text: string): readonly { line: number; path: string; message: string; remedy: string }[] {
  try {
    parseDefinition(text, 'journey.yaml');
  } catch (error) {
    if (error instanceof DefinitionError) return error.issues;
    throw error;
  }
  return [];
}

describe('shipped templates', () => {
  it.each(templateNames)('%s is accepted', (name) => {
    expect(() => parseDefinition(readFileSync(templateFile(name), 'utf8'), name)).not.toThrow();
  });
});

describe('a definition file', () => {
  it('is read, with a digest that layout does not change', () => {
    const definition = parseDefinition(small, 'journey.yaml');
    const spaced = parseDefinition(`# a comment\n${small.replace('version: 1', 'version:   1')}`, 'journey.yaml');
    expect(definitionDigest(spaced)).toBe(definitionDigest(definition));
    expect(definitionDigest(parseDefinition(small.replace('30', '31'), 'journey.yaml'))).not.toBe(
      definitionDigest(definition),
    );
  });

  it.each([
    [
      'a stage that is not there',
      small.replace('from: [start]', 'from: [begin]'),
      13,
      'stages.1.enter.0.from.0',
      /no stage "begin"/,
      /start, live/,
    ],
    [
      'a signal that is not there',
      small.replace('days_in_stage', 'days_in_state'),
      14,
      'stages.1.enter.0.when.signal',
      /Invalid/,
      /days_in_stage/,
    ],
    [
      'a parameter that the signal does not take',
      small.replace(', op', ', with: { days: 3 }, op'),
      14,
      'stages.1.enter.0.when.with.days',
      /does not take/,
      /leave/,
    ],
    ['an equation with time', small.replace("'>='", "'=='"), 14, 'stages.1.enter.0.when.op', /moves with time/, />=/],
    [
      'a threshold that is not declared',
      small.replace('value: 30', 'value: { threshold: patience }'),
      14,
      'stages.1.enter.0.when.value.threshold',
      /patience/,
      /declare/,
    ],
  ])('names line, field and remedy of %s', (_what, text, line, path, message, remedy) => {
    const [issue] = issuesOf(text);
    expect(issue).toMatchObject({ line, path });
    expect(issue?.message).toMatch(message);
    expect(issue?.remedy).toMatch(remedy);
  });

  it('names a misspelt field where it stands', () => {
    const issues = issuesOf(small.replace('    title: Live', '    colour: red\n    title: Live'));
    expect(issues).toMatchObject([{ line: 11, path: 'stages.1.colour', remedy: 'remove or rename "colour"' }]);
  });

  it('names the line of broken YAML', () => {
    const issues = issuesOf('id: a\nversion: [1\ntitle: x\n');
    expect(issues[0]?.line).toBeGreaterThanOrEqual(2);
  });

  it('says all that is wrong at once, with the file name', () => {
    const text = small.replace('version: 1', 'version: one').replace('type: linear', 'type: straight');
    expect(issuesOf(text).map((issue) => issue.line)).toEqual([2, 4]);
    expect(() => parseDefinition(text, 'my.yaml')).toThrow(/my\.yaml:2 version/);
  });

  it('refuses a rule whose playbook is not among those that are declared', () => {
    const rule =
      'rules:\n  - { id: a, kind: risk, severity: low, title: T, when: { known: crm_stage }, reason: r, clears: c, nextStep: n, playbook: rescue }\n';
    const steps = 'steps: [{ id: call, title: Call the champion, ownerRole: csm, dueDays: 1 }]';
    expect(issuesOf(`${small}${rule}`)).toEqual([]);
    expect(issuesOf(`${small}${rule}playbooks: [{ id: rescue, title: Rescue, ${steps} }]\n`)).toEqual([]);
    const [issue] = issuesOf(`${small}${rule}playbooks: [{ id: other, title: Other, ${steps} }]\n`);
    expect(issue).toMatchObject({
      path: 'rules.0.playbook',
      message: 'there is no playbook "rescue"',
      remedy: 'use one of: other',
    });
  });

  it('refuses rules that hold one another back', () => {
    const rule = (id: string, by: string) =>
      `  - { id: ${id}, kind: risk, severity: low, title: T, when: { known: crm_stage }, suppressedBy: [${by}], reason: r, clears: c, nextStep: n }\n`;
    const issues = issuesOf(`${small}rules:\n${rule('a', 'b')}${rule('b', 'a')}`);
    expect(issues.map((issue) => issue.path)).toEqual(['rules.0.suppressedBy', 'rules.1.suppressedBy']);
  });

  it.each([
    ['days that are none', "quietDays: [{ from: '02-30', to: '03-01' }]", /month and day/],
    ['days that not every year has', "quietDays: [{ from: '02-29', to: '03-01' }]", /month and day/],
    [
      'stretches that overlap over the turn of the year',
      "quietDays: [{ from: '12-24', to: '01-06' }, { from: '01-06', to: '01-08' }]",
      /overlaps with others/,
    ],
    ['half a year', "quietDays: [{ from: '05-01', to: '10-01' }]", /154 quiet days are too many/],
  ])('with quiet days of %s is refused', (_what, line, message) => {
    const issues = issuesOf(small.replace('stages:', `${line}\nstages:`));
    expect(issues.map((issue) => issue.message).join()).toMatch(message);
    expect(issues[0]?.path).toMatch(/^quietDays/);
  });

  it('with quiet days that follow one another is accepted', () => {
    const days =
      "quietDays: [{ from: '12-24', to: '01-05' }, { from: '01-06', to: '01-08' }, { from: '02-28', to: '03-01' }]";
    expect(issuesOf(small.replace('stages:', `${days}\nstages:`))).toEqual([]);
  });
});
