import type { Condition, RuleDefinition, Touchpoint } from '@waymark/journey';
import type { BacktestAccount } from './backtest.ts';
import type { RaisedFlag } from './backtest-walk.ts';
import type { Flag } from '../course/state.ts';

/** What the flags of an account rest on, and when they can be told. */
interface Telling {
  /** The sources that the reasons of a flag rest on, with what was known at an instant. */
  sourcesAt(flag: Flag, at: number): string[];
  /** When a flag that was raised at an instant can be told: once what it rests on was heard of again. */
  toldAt(flag: Flag, raisedAt: number): number;
}

/** How the flags of some rules are told. */
export function tellingOf(rules: readonly RuleDefinition[]): (account: BacktestAccount) => Telling {
  const watchedBy = new Map(rules.map((rule) => [rule.id, touchpointsOf(rule)]));
  return (account) => {
    const sourcesAt = (flag: Flag, at: number) => sourcesOf(account, flag, at, watchedBy.get(flag.rule) ?? []);
    // What is an absence waits for those that would have shown the contrary; of a fall, all that shows it.
    const awaited = (flag: Flag, at: number) => {
      const watched = watchedBy.get(flag.rule) ?? [];
      return watched.length > 0 ? account.sourcesAt(at, watched) : sourcesAt(flag, at);
    };
    return {
      sourcesAt,
      toldAt: (flag, at) =>
        flag.kind === 'risk' ? (account.heardAgain?.(awaited(flag, at), flag.openedAt, at) ?? at) : at,
    };
  };
}

/** Whether a flag lasted until it could be told. */
export function wasTold({ raisedAt, toldAt, endedAt }: RaisedFlag): boolean {
  return toldAt === raisedAt || endedAt === null || endedAt > toldAt;
}

function sourcesOf(account: BacktestAccount, flag: Flag, at: number, watched: readonly Touchpoint[]): string[] {
  const sources = new Set(flag.proof.evidence.flatMap((one) => [...account.sourcesOf(one.eventId)]));
  // A reason that is an absence rests on all that would have shown the contrary.
  for (const source of account.sourcesAt(at, watched)) sources.add(source);
  return [...sources].sort();
}

/** The touchpoints that a rule wants watched: its absence means something only then. */
function touchpointsOf(rule: RuleDefinition): readonly Touchpoint[] {
  return [...new Set([...(rule.absence?.touchpoints ?? []), ...watchedIn(rule.when)])];
}

function watchedIn(node: Condition): readonly Touchpoint[] {
  if ('watched' in node) return node.watched;
  if ('all' in node) return node.all.flatMap(watchedIn);
  if ('any' in node) return node.any.flatMap(watchedIn);
  return 'not' in node ? watchedIn(node.not) : [];
}
