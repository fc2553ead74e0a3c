/**
 * What stands against a write until a person has looked:
 * - `edited`: the record holds a value that we did not write and that nobody has approved to replace;
 * - `backward`: the move goes back in the CRM's own order, and the mapping does not allow it (failure H2);
 * - `option_missing`: the CRM's property has no such option (failure H3);
 * - `unmapped_stage`: the mapping says nothing of this stage;
 * - `record_gone`: the record was archived, deleted or merged into another.
 */
export type Conflict = 'edited' | 'backward' | 'option_missing' | 'unmapped_stage' | 'record_gone';

/** Those that a person may accept when approving; the others need another mapping, option or record. */
const acceptable: ReadonlySet<string> = new Set<Conflict>(['edited', 'backward']);

export const isAcceptable = (conflict: string): boolean => acceptable.has(conflict);

const texts: Readonly<Record<Conflict, string>> = {
  edited: 'The CRM holds a value that Waymark did not write. Approve it by name to replace it, or leave it as it is.',
  backward: 'This moves the record back in the CRM’s own order. Approve it by name, or let the mapping allow it.',
  option_missing: 'The property has no such option. Add the option in the CRM, or map the stage to another.',
  unmapped_stage: 'The mapping does not say what this stage is in the CRM. Map it, or mark it as not written.',
  record_gone: 'The CRM has no such record any more. It will be left out once the deletion or merge has been read.',
};

/** What a conflict means and what to do about it. */
export function explainConflict(conflict: string): string {
  return Object.entries(texts).find(([code]) => code === conflict)?.[1] ?? conflict;
}

/** Whether a move goes back in the order of the options. Blank and unknown values have no place in it. */
export function isBackward(options: readonly string[], from: string, to: string): boolean {
  const [before, after] = [options.indexOf(from), options.indexOf(to)];
  return before !== -1 && after !== -1 && after < before;
}
