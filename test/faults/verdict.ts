import type { Holdings } from './rows.ts';
import type { Trial } from './trial.ts';

/** What is wrong with a run; empty lists where nothing is. */
export interface Verdict {
  /** In the undisturbed reader's rows and not in ours, or otherwise there. */
  readonly lost: readonly string[];
  /** In ours and not in the undisturbed reader's, or there twice. */
  readonly doubled: readonly string[];
  /** Accounts whose answer is another, or not what their own log gives (I3). */
  readonly otherAnswers: readonly string[];
  readonly alerts: readonly string[];
  readonly writes: readonly string[];
}

export const isClean = (verdict: Verdict): boolean => Object.values(verdict).every((list) => list.length === 0);

/** Compares a run that was killed with one that read the same world undisturbed. */
export function judge(trial: Trial, control: Trial): Verdict {
  // What is gone at its provider cannot be read by one who comes later: that it is still known here is right.
  const gone = [...trial.holdings.sources].flatMap(([key, said]) =>
    said.endsWith(' gone') && !control.holdings.sources.has(key) ? [key] : [],
  );
  const goneIds = gone.map((key) => key.split(' ').at(-1) ?? '');
  return {
    lost: [
      ...missing(control.holdings.sources, trial.holdings.sources).map((key) => `source ${key}`),
      ...missing(control.holdings.events, trial.holdings.events).map((key) => `event ${key}`),
      ...trial.holdings.cursorsWithoutSuccess.map((key) => `cursor of ${key}`),
    ],
    doubled: [
      ...extra(control.holdings.sources, trial.holdings.sources)
        .filter((key) => !gone.includes(key))
        .map((key) => `source ${key}`),
      ...extra(control.holdings.events, trial.holdings.events)
        .filter((key) => !goneIds.some((id) => key.endsWith(id)))
        .map((key) => `event ${key}`),
      ...(trial.holdings.doubled > 0 ? [`${trial.holdings.doubled} sightings are there twice`] : []),
    ],
    otherAnswers: differing(control.holdings, trial.holdings),
    alerts: alertFaults(trial),
    writes: writeFaults(trial),
  };
}

const missing = (wanted: ReadonlyMap<string, string>, held: ReadonlyMap<string, string>): readonly string[] =>
  [...wanted].flatMap(([key, said]) => {
    const own = held.get(key);
    if (own === undefined) return [key];
    return own === said ? [] : [`${key}: ${own} in the place of ${said}`];
  });

const extra = (wanted: ReadonlyMap<string, string>, held: ReadonlyMap<string, string>): readonly string[] =>
  [...held.keys()].filter((key) => !wanted.has(key));

function differing(wanted: Holdings, held: Holdings): readonly string[] {
  const flags = [...wanted.flags].filter((key) => !held.flags.has(key)).map((key) => `flag ${key} is missing`);
  const more = [...held.flags].filter((key) => !wanted.flags.has(key)).map((key) => `flag ${key} should not be`);
  const stages = missing(wanted.stages, held.stages).map((key) => `stage ${key}`);
  const refolded = held.disagreeing.map((account) => `${account} is not what its log says`);
  return [...stages, ...flags, ...more, ...refolded];
}

/** Each alert stands in Slack once, or is counted as uncertain (I4). */
function alertFaults({ alerts, ledger }: Trial): readonly string[] {
  const faults = ledger.unnamedPosts > 0 ? [`${ledger.unnamedPosts} posts name no alert`] : [];
  for (const [id, posts] of ledger.posts) {
    if (posts > 1) faults.push(`alert ${id} was posted ${posts} times`);
    if (!alerts.has(id)) faults.push(`alert ${id} was posted and is not on record`);
  }
  for (const [id, state] of alerts) {
    const posts = ledger.posts.get(id) ?? 0;
    if (state === 'sent' && posts === 0) faults.push(`alert ${id} counts as sent and was never posted`);
    if ((state === 'failed' || state === 'pending' || state === 'sending') && posts > 0) {
      faults.push(`alert ${id} was posted and counts as ${state}`);
    }
  }
  return faults;
}

/** Each value was applied once: what HubSpot logged is what the journal says, in its order, with a blank before a backward move (I5). */
function writeFaults({ journal, ledger }: Trial): readonly string[] {
  const faults: string[] = [];
  const planned = new Map<string, string[]>();
  for (const line of journal) {
    if (line.state === 'verified') planned.set(line.key, [...(planned.get(line.key) ?? []), line.after]);
    else if (line.state === 'failed') faults.push(`${line.key} ended as failed`);
  }
  for (const [key, values] of ledger.writes) {
    const applied = values.filter((value) => value !== '');
    const wanted = planned.get(key) ?? [];
    if (applied.join(' > ') !== wanted.join(' > '))
      faults.push(`${key}: wrote ${applied.join(' > ')}, the journal says ${wanted.join(' > ')}`);
    if (values.at(-1) === '') faults.push(`${key} was left blank`);
  }
  for (const [key, values] of planned)
    if (!ledger.writes.has(key)) faults.push(`${key}: ${values.join(' > ')} was never written`);
  return faults;
}
