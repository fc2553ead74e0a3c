import { writeFileSync } from 'node:fs';
import { journeyDefinitionJsonSchema } from '../src/definition.ts';

/** Writes the JSON Schema of journey definitions. Run it after a change of the definition; a test tells when it is due. */
writeFileSync(
  new URL('journey-definition.schema.json', import.meta.url),
  `${JSON.stringify(journeyDefinitionJsonSchema(), null, 2)}\n`,
);
