import type { ExclusionRule } from '@waymark/identity';
import type { RejectedLine } from './prepare.ts';

/** A line that is excluded: counted, and nothing of it is kept. */
export const excludedLine = (rule: ExclusionRule): RejectedLine => ({
  ok: false,
  reason: `excluded_${rule.kind}`,
  detail: 'The line is excluded: waymark exclude list shows by what.',
  raw: '',
  digest: '',
});

/** What is excluded changed while the file was being read. */
export class ExclusionsChanged extends Error {
  readonly code = 'EXCLUSIONS_CHANGED';

  constructor() {
    super('What is excluded changed meanwhile: run the import again; what is stored already stays stored once.');
    this.name = 'ExclusionsChanged';
  }
}
