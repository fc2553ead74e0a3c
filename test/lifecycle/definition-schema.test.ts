import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { load } from 'js-yaml';
import { journeyDefinition } from '@waymark/journey';
import { templateFile, templateNames } from '@waymark/lifecycle';

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../packages/journey/schema/journey-definition.schema.json', import.meta.url), 'utf8'),
);
if (typeof schema !== 'object' || schema === null) throw new Error('the published schema is no object');
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
formats.default(ajv);
const fits = ajv.compile(schema);
const shipped = templateNames.map((name): unknown => load(readFileSync(templateFile(name), 'utf8')));

type Block = Record<string, unknown>;
const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every place of a document: what holds it, and by which name. */
function places(node: unknown): readonly (readonly [holder: Block | unknown[], key: string | number])[] {
  const own: (readonly [Block | unknown[], string | number])[] = Array.isArray(node)
    ? node.map((_, at) => [node, at] as const)
    : isBlock(node)
      ? Object.keys(node).map((key) => [node, key] as const)
      : [];
  const inner = Array.isArray(node) ? node : isBlock(node) ? Object.values(node) : [];
  return [...own, ...inner.flatMap(places)];
}

function put(holder: Block | unknown[], key: string | number, value: unknown): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else holder[String(key)] = value;
}

const instead = new Map<string, unknown>([
  ['text', 'x y'],
  ['number', 7.5],
  ['below', -3],
  ['list', []],
  ['block', {}],
  ['nothing', null],
  ['flag', true],
]);

const damage = fc.record({
  template: fc.nat(shipped.length - 1),
  place: fc.nat(),
  change: fc.constantFrom('remove', 'rename', ...instead.keys()),
});

it('an editor with the published schema refuses just what the form of a definition refuses', () => {
  for (const one of shipped) expect(fits(one)).toBe(true);
  const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);
  const told = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(damage, ({ template, place, change }) => {
      const document = structuredClone(shipped[template]);
      const all = places(document);
      const [holder, key] = all[place % all.length] ?? [];
      if (!holder || key === undefined) return;
      const former: unknown = Array.isArray(holder) ? holder[Number(key)] : holder[String(key)];
      if (change === 'remove' && !Array.isArray(holder)) delete holder[String(key)];
      else if (change === 'remove' && Array.isArray(holder)) holder.splice(Number(key), 1);
      else if (change === 'rename' && !Array.isArray(holder)) {
        delete holder[String(key)];
        holder[`${key}x`] = former;
      } else put(holder, key, instead.get(change));
      const [byEditor, byForm] = [fits(document), journeyDefinition.safeParse(document).success];
      expect(byEditor).toBe(byForm);
      told[byEditor ? 'accepted' : 'refused'] += 1;
    }),
    { seed, numRuns: 250 },
  );
  console.log(
    `published schema: seed ${seed}, ${told.refused} damaged definitions refused, ${told.accepted} still well-formed`,
  );
});
