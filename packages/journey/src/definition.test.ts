import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { journeyDefinition, journeyDefinitionJsonSchema } from './definition.ts';

it('publishes a JSON Schema that is current', () => {
  const file = new URL('../schema/journey-definition.schema.json', import.meta.url);
  const published: unknown = JSON.parse(readFileSync(file, 'utf8'));
  // If this fails: npm run schema -w @waymark/journey
  expect(published).toEqual(JSON.parse(JSON.stringify(journeyDefinitionJsonSchema())));
});

it('fills in what a short definition leaves out', () => {
  const short = journeyDefinition.parse({
    id: 'short',
    version: 1,
    title: 'Short',
    type: 'linear',
    stages: [{ id: 'one', title: 'One' }],
  });
  expect(short).toMatchObject({ rules: [], milestones: [], moves: [], thresholds: {}, segments: [] });
});

it('refuses a field that it does not know', () => {
  const wrong = {
    id: 'short',
    version: 1,
    title: 'Short',
    type: 'linear',
    stages: [{ id: 'one', title: 'One', colour: 'red' }],
  };
  expect(journeyDefinition.safeParse(wrong).success).toBe(false);
});
