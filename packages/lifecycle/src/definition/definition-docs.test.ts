import { readFileSync } from 'node:fs';
import { signalCatalogue } from '@waymark/journey';
import { expect, it } from 'vitest';
import { parseDefinition } from './definition-file.ts';
import { templateFile, templateNames } from './template.ts';

const docs = (path: string) => readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8');

it('every signal is described as it is', () => {
  const page = docs('journey-definition.md').replaceAll(/ +/g, ' ');
  const rows = page.split('\n');
  const missing = Object.entries(signalCatalogue).filter(([name, { label, unit, params }]) => {
    const row = rows.find((one) => one.startsWith(`| \`${name}\` | ${label} | ${unit.replace('_', ' ')} |`));
    return row === undefined || params.some((param) => !row.includes(`\`${param}\``));
  });
  expect(missing.map(([name]) => name)).toEqual([]);
});

it.each(templateNames)('the page on %s names each of its stages', (name) => {
  const page = docs(`templates/${name}.md`);
  const { stages } = parseDefinition(readFileSync(templateFile(name), 'utf8'), name);
  expect(stages.filter((stage) => !page.includes(`| ${stage.id} `)).map((stage) => stage.id)).toEqual([]);
});
