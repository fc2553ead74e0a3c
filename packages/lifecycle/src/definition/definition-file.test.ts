import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DefinitionError, parseDefinition } from './definition-file.ts';
import { definitionDigest } from '../rules/journey.ts';
import { small } from '../../test/small-definition.ts';
import { templateFile, templateNames } from './template.ts';

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
  it('may hold how long they take to answer against how long they usually take, as the documentation has it', () => {
    const usual = '{ signal: their_answer_time, times: 2 }';
    const slow = `{ signal: their_answer_time, with: { latest: 5 }, op: '>=', value: ${usual} }`;
    expect(issuesOf(small.replace(/when: .*/, `when: ${slow}`))).toEqual([]);
  });

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
      /not known/,
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
    expect(issues).toMatchObject([
      {
        line: 11,
        path: 'stages.1.colour',
        remedy: expect.stringMatching(/^remove or rename "colour"; what can stand here is id, title, objective/),
      },
    ]);
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
    ['a holiday that no year has', "holidays: ['2026-02-29']", /write a date, as in 2026-04-06/],
    [
      'a year of holidays',
      `holidays: [${Array.from({ length: 61 }, (_, day) => `'${new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10)}'`).join()}]`,
      /61 holidays in 2026 are too many/,
    ],
  ])('with quiet days of %s is refused', (_what, line, message) => {
    const issues = issuesOf(small.replace('stages:', `${line}\nstages:`));
    expect(issues.map((issue) => `${issue.message}; ${issue.remedy}`).join()).toMatch(message);
    expect(issues[0]?.path).toMatch(/^(quietDays|holidays)/);
  });

  it('with quiet days that follow one another is accepted', () => {
    const days =
      "quietDays: [{ from: '12-24', to: '01-05' }, { from: '01-06', to: '01-08' }, { from: '02-28', to: '03-01' }]";
    expect(issuesOf(small.replace('stages:', `${days}\nstages:`))).toEqual([]);
  });
});

const risk = (when: string, more = '') =>
  `${small}rules:\n  - { id: a, kind: risk, severity: low, title: T, when: ${when}, reason: r, clears: c, nextStep: n${more} }\n`;

describe('a broken file', () => {
  it.each([
    ['tabs', small.replace('    title: Start', '\ttitle: Start'), 7, '(file)', /Tabs/, /spaces/],
    [
      'a field twice',
      small.replace('    title: Live', '    title: Live\n    title: A'),
      12,
      '(file)',
      /unique/,
      /one of/,
    ],
    ['an alias of nothing', small.replace('[none]', '*gone'), 9, '(file)', /no anchor "gone"/, /&gone/],
    ['an unquoted operator', small.replace("'>='", '>='), 14, '(file)', /scalar indicator/, /quotes/],
    ['two journeys', `${small}---\n${small}`, 15, '(file)', /second document/, /one journey in a file/],
    ['a tag', small.replace('title: Small', 'title: !!js/function "x"'), 3, '(file)', /tag/i, /remove the tag/],
    ['letters of another coding', `${small}# \u0000`, 15, '(file)', /not written in UTF-8/, /UTF-8/],
    ['half a letter', small.replace('title: Live', 'title: "\\ud800"'), 11, '(file)', /half of a letter/, /letter/],
    [
      'a name of the language',
      `${small}thresholds:\n  __proto__: { value: 1 }\n`,
      16,
      '(file)',
      /__proto__/,
      /another name/,
    ],
    [
      'another name of it',
      `${small}thresholds:\n  constructor: { value: 1 }\n`,
      16,
      'thresholds.constructor',
      /constructor/,
      /taken/,
    ],
    ['nothing', '# to do\n', 1, '(file)', /empty/, /template/],
    ['a list', '- a\n', 1, '(file)', /a list/, /block of fields/],
    [
      'a version in quotes',
      small.replace('version: 1', "version: '1'"),
      2,
      'version',
      /the text "1"/,
      /write 1, without/,
    ],
    ['a missing field', small.replace('type: linear\n', ''), 1, 'type', /missing/, /linear, cyclical/],
    ['a text for a list', small.replace('[none]', 'none'), 9, 'stages.0.enter.0.from', /text "none"/, /\[none\]/],
    ['a section left empty', `${small}rules:\n`, 15, 'rules', /empty/, /remove the line/],
    [
      'a near signal',
      risk('{ signal: day_since_inbound, op: ">", value: 3 }'),
      16,
      'rules.0.when.signal',
      /not known/,
      /mean days_since_inbound/,
    ],
    ['a near stage', small.replace('[start]', '[strat]'), 13, 'stages.1.enter.0.from.0', /no stage/, /mean start/],
    [
      'a near field',
      small.replace('    title: Live', '    titel: Live'),
      11,
      'stages.1.titel',
      /no field/,
      /mean title/,
    ],
    [
      'another rule language',
      risk('{ and: [{ known: crm_stage }] }'),
      16,
      'rules.0.when.and',
      /none of what can stand/,
      /mean all/,
    ],
    [
      'days in words',
      risk("{ signal: days_since_inbound, op: '>', value: 30 days }"),
      16,
      'rules.0.when.value',
      /number of days/,
      /write 30/,
    ],
    [
      'weeks',
      risk("{ signal: days_since_inbound, op: '>', value: 3 weeks }"),
      16,
      'rules.0.when.value',
      /number of days/,
      /: 21/,
    ],
    [
      'percent',
      risk("{ signal: usage_level, op: '<', value: 50% }"),
      16,
      'rules.0.when.value',
      /1 is the usual/,
      /0\.5/,
    ],
    [
      'hours where days are meant',
      risk("{ signal: days_since_inbound, op: '>', value: 48h }"),
      16,
      'rules.0.when.value',
      /number of days/,
      /^write the number of days: 2$/,
    ],
    [
      'percent where days are meant',
      risk("{ signal: days_since_inbound, op: '>', value: 50% }"),
      16,
      'rules.0.when.value',
      /number of days/,
      /^give a number of days, without quotes and unit$/,
    ],
    [
      'a field of another block',
      small.replace('title: Small', 'titel: Small'),
      3,
      'titel',
      /no field/,
      /did you mean title\?$/,
    ],
    [
      'two ways of joining side by side',
      risk('{ all: [{ known: crm_stage }], any: [{ known: crm_stage }] }'),
      16,
      'rules.0.when.any',
      /"all" and "any" cannot stand side by side/,
      /all: \[\{ all: … \}, \{ any: … \}\]/,
    ],
    [
      'an event that is not there',
      `${small}outcomes:\n  churned:\n    - { type: account.churn }\n`,
      17,
      'outcomes.churned.0.type',
      /^"account.churn" is not known here$/,
      /^did you mean account.churned or/,
    ],
    ['a space that is none', small.replace('title: Small', 'title:\u00A0Small'), 3, '(file)', /non-breaking/, /anew/],
    [
      'a window below nothing',
      risk("{ signal: messages, with: { days: -5 }, op: '<', value: 3 }"),
      16,
      'rules.0.when.with.days',
      /-5/,
      /at least 1/,
    ],
    [
      'no finite number',
      small.replace('value: 30', 'value: .inf'),
      14,
      'stages.1.enter.0.when.value',
      /finite/,
      /number/,
    ],
    [
      'a rule that waits for itself',
      risk('{ known: crm_stage }', ', suppressedBy: [a]'),
      16,
      'rules.0.suppressedBy.0',
      /itself/,
      /another/,
    ],
    [
      'a form that is none',
      risk('{ known: crm_stage }').replace('reason: r', "reason: '{stage.sinse}'"),
      16,
      'rules.0.reason',
      /as it is/,
      /signal\.since/,
    ],
    ['a stage called none', small.replace('id: live', 'id: none'), 10, 'stages.1.id', /without a stage/, /another id/],
  ])('with %s is refused with line, field and remedy', (_what, text, line, path, message, remedy) => {
    const [issue] = issuesOf(text);
    expect(issue).toMatchObject({ line, path });
    expect(issue?.message).toMatch(message);
    expect(issue?.remedy).toMatch(remedy);
  });

  it('that would unfold or nest without end is refused at once', () => {
    const laugh = [
      'a: &a [x]',
      ...[...'bcdefghi'].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join()}]`),
    ];
    expect(issuesOf(laugh.join('\n'))[0]?.message).toMatch(/unfold/);
    expect(issuesOf(risk(`${'{ not: '.repeat(100)}{ known: crm_stage }${' }'.repeat(100)}`))[0]?.message).toMatch(
      /too deeply/,
    );
    expect(issuesOf(risk(`${'{ not: '.repeat(9000)}{ known: crm_stage }${' }'.repeat(9000)}`))[0]?.remedy).toMatch(
      /at most 60/,
    );
    expect(issuesOf('x'.repeat(2_000_000))[0]?.message).toMatch(/2000000 letters/);
  });

  it('may say the same again with anchors and merge keys, begin with a byte order mark and end lines as Windows does', () => {
    const merged = `${small}rules:\n  - &a { id: a, kind: risk, severity: low, title: T, when: { known: crm_stage }, reason: r, clears: c, nextStep: n }\n  - { <<: *a, id: b, title: Täglich 🎉 }\n`;
    expect(issuesOf(`\ufeff${merged.replaceAll('\n', '\r\n')}`)).toEqual([]);
  });
});
