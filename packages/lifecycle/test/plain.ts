import { journeyDefinition } from '@waymark/journey';

/** A journey of one stage and no rule, for what is asked of signals alone. */
export const plain = journeyDefinition.parse({
  id: 'plain',
  version: 1,
  title: 'Plain',
  type: 'linear',
  stages: [{ id: 'one', title: 'One', enter: [{ from: ['none'] }] }],
});
