import { readFileSync } from 'node:fs';
import { dataFields, eventTypes } from '@waymark/journey';
import { expect, it } from 'vitest';
import { parseCsvMapping } from './csv-mapping.ts';

const page = readFileSync(new URL('../../../../docs/import.md', import.meta.url), 'utf8');
const tables = page.split('\n').filter((line) => line.startsWith('|'));
const names = (text: string) => new Set([...text.matchAll(/`([A-Za-z_]+)`/g)].map((found) => found[1]));

it('names every field that an event may have', () => {
  const said = names(tables.join('\n'));
  for (const type of eventTypes)
    expect([type, dataFields(type).all.filter((field) => !said.has(field))]).toEqual([type, []]);
});

it('says of every type what it needs, in its own row', () => {
  for (const type of eventTypes) {
    const [kind, verb] = type.split('.');
    const row = tables.find(
      (line) => line.includes(`\`${type}\``) || (line.includes(`\`${kind}.`) && line.includes(`\`.${verb}\``)),
    );
    const said = names(row?.split('|')[2] ?? '');
    expect([type, dataFields(type).required.filter((field) => !said.has(field))]).toEqual([type, []]);
  }
});

it('names every key of a mapping', () => {
  const message = (text: string): string => {
    try {
      parseCsvMapping(text);
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
    return '';
  };
  const event = (more: string) => `{ source: s, events: [{ type: account.renewed, time: ${more}, subject: s }] }`;
  // What a mapping says that can stand at a place where something else stands.
  const keys = [
    message('{ xyzzy: 1 }'),
    message(event('b, xyzzy: 1')),
    message(event('{ xyzzy: 1, from: b }')),
  ].flatMap((text) => (/what can stand here is ([^\n]*)/.exec(text)?.[1] ?? '').split(', '));
  expect(keys.length).toBeGreaterThan(18);
  const said = names(
    tables.join('\n').replaceAll('`number: true`', '`number`').replaceAll('`domain: true`', '`domain`') +
      '`decimal` `from`',
  );
  expect(keys.filter((key) => !said.has(key))).toEqual([]);
});
