import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileJourney, parseDefinition, reduce, templateFile, templateNames } from '../src/index.ts';
import { context, day, History } from './account.ts';

const text = `id: j
version: 1
title: J
type: cyclical
stages:
  - { id: start, title: Start, enter: [{ on: { type: crm.stage_changed, where: { to: start } } }] }
  - { id: live, title: Live, enter: [{ on: { type: crm.stage_changed, where: { to: live } } }] }
  - { id: renewing, title: Renewing, enter: [{ on: { type: crm.stage_changed, where: { to: renewing } } }] }
  - { id: gone, title: Gone, enter: [{ on: { type: crm.stage_changed, where: { to: gone } } }] }
moves:
  - { from: renewing, to: live, as: allowed }
  - { from: '*', to: gone, as: allowed }
  - { from: gone, to: live, as: allowed }
  - { from: gone, to: start, as: forbidden }
`;
const journey = compileJourney(parseDefinition(text, 'j.yaml'));
const course = (...stages: string[]) => {
  const history = new History();
  stages.forEach((stage, index) => history.stage(index * 10, stage));
  const answer = reduce(journey, context, history.facts, day(500));
  return {
    moves: answer.periods.map(({ stage, direction, move }) => `${stage} ${direction} ${move}`),
    flags: answer.flags.map((flag) => flag.rule),
  };
};

describe('moves are recorded with their kind, whatever they are', () => {
  it.each([
    ['the entry point, wherever it lies', ['renewing'], ['renewing entry entry'], []],
    ['a step on', ['start', 'live'], ['start entry entry', 'live forward allowed'], []],
    [
      'a skip that nobody names',
      ['start', 'renewing'],
      ['start entry entry', 'renewing skip unusual'],
      ['unknown-move'],
    ],
    [
      'a loop of renewals',
      ['live', 'renewing', 'live', 'renewing'],
      ['live entry entry', 'renewing forward allowed', 'live re-entry allowed', 'renewing re-entry allowed'],
      [],
    ],
    ['a step back to where it never was', ['renewing', 'live'], ['renewing entry entry', 'live regress allowed'], []],
    [
      'a loss and a win-back',
      ['live', 'gone', 'live'],
      ['live entry entry', 'gone skip allowed', 'live re-entry allowed'],
      [],
    ],
    ['a forbidden move', ['gone', 'start'], ['gone entry entry', 'start regress forbidden'], ['forbidden-move']],
    ['a stage said again', ['live', 'live'], ['live entry entry'], []],
    [
      'a stage that the journey does not have',
      ['live', 'paused', 'renewing'],
      ['live entry entry', 'renewing forward allowed'],
      [],
    ],
  ])('%s', (_what, stages, moves, flags) => {
    expect(course(...stages)).toEqual({ moves, flags });
  });
});

describe('the published JSON Schema', () => {
  const file = new URL('../../journey/schema/journey-definition.schema.json', import.meta.url);
  const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(readFileSync(file, 'utf8')));
  it.each(templateNames)('accepts %s, as editors ask it', (name) => {
    expect(valid(parse(readFileSync(templateFile(name), 'utf8')))).toBe(true);
  });
  it.each([
    ['a misspelt field', text.replace('title: J', 'titel: J')],
    ['a stage without an id', text.replace('id: live, ', '')],
    [
      'a condition of another language',
      text.replace('on: { type: crm.stage_changed, where: { to: live } }', 'when: { and: [] }'),
    ],
  ])('refuses %s, as the check does', (_what, wrong) => {
    expect(valid(parse(wrong))).toBe(false);
    expect(() => parseDefinition(wrong, 'j.yaml')).toThrow(/j\.yaml:/);
  });
});
