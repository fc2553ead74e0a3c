import type { JourneyDefinition, StageRoute } from '@waymark/journey';
import { compileCondition, type CompiledCondition } from './condition.ts';
import type { Bind } from './operand.ts';
import { compileMatcher } from '../course/matcher.ts';
import type { Moment } from '../course/moment.ts';
import { makeProof } from '../course/proof.ts';
import { NEVER, note } from '../signals/signal.ts';
import type { Fact, Proof, StagePeriod } from '../course/state.ts';
import { markOf } from '../tracks/fact.ts';

interface CompiledRoute {
  readonly to: string;
  readonly from: ReadonlySet<string> | null;
  readonly on: ((fact: Fact) => boolean) | null;
  readonly when: CompiledCondition | null;
}

/** The stages of a journey, compiled. */
export interface CompiledStages {
  /** Moves the account if a route is open at the moment. Sets `moment.flip` and `moment.reads`. Returns whether it moved. */
  settle(moment: Moment): boolean;
  /** Whether facts of the moment are events that a way out of a stage waits for. */
  waitsFor(moment: Moment, stage: string | null): boolean;
}

/** Compiles the ways into each stage, grouped by the stage they start from. */
export function compileStages(definition: JourneyDefinition, definitionDigest: string, bind: Bind): CompiledStages {
  const order = new Map(definition.stages.map((stage, index) => [stage.id, stage.order ?? index + 1]));
  const title = new Map(definition.stages.map((stage) => [stage.id, stage.title]));
  const routes: CompiledRoute[] = [];
  const add = (to: string, route: StageRoute) =>
    routes.push({
      to,
      from: route.from ? new Set(route.from) : null,
      on: route.on ? compileMatcher(route.on) : null,
      when: route.when ? compileCondition(route.when, definition, bind) : null,
    });
  for (const stage of definition.stages) {
    for (const route of stage.enter) add(stage.id, route);
    for (const { to, on, when } of stage.exit ?? []) add(to, { from: [stage.id], on, when });
  }
  for (const [value, stage] of Object.entries(definition.crmStageMap ?? {})) {
    add(stage, { on: { type: 'crm.stage_changed', where: { to: value } } });
  }
  // The furthest stage is tried first; routes into the same stage in the order of the file.
  routes.sort((a, b) => (order.get(b.to) ?? 0) - (order.get(a.to) ?? 0));
  const waysFrom = new Map<string, CompiledRoute[]>();
  const waitingIn = new Map<string, ((fact: Fact) => boolean)[]>();
  const readsFrom = new Map<string, number>();
  for (const from of ['none', ...order.keys()]) {
    const ways = routes.filter((route) => route.to !== from && (route.from === null || route.from.has(from)));
    waysFrom.set(from, ways);
    waitingIn.set(
      from,
      ways.flatMap((route) => route.on ?? []),
    );
    readsFrom.set(
      from,
      ways.reduce((reads, route) => reads | (route.when?.reads ?? 0), 0),
    );
  }

  // An event moves the account once: what it leads to must hold by itself to lead on.
  const openRoute = (
    moment: Moment,
    from: string,
    closed: ReadonlySet<string>,
    taken: boolean,
  ): CompiledRoute | null => {
    let first = NEVER;
    let reads = 0;
    for (const route of waysFrom.get(from) ?? []) {
      if (closed.has(route.to)) continue;
      if (route.on && (taken || !moment.fresh.some(route.on))) continue;
      if (route.when && !route.when.watch(moment)) {
        // Without `on` the passing of time alone can open the route.
        if (route.on) continue;
        first = Math.min(first, moment.flip);
        reads |= moment.reads;
        continue;
      }
      moment.flip = route.when ? Math.min(first, moment.flip) : first;
      return route;
    }
    moment.flip = first;
    moment.reads = reads;
    return null;
  };

  const moveKind = (from: string | null, to: string): StagePeriod['move'] => {
    if (from === null) return 'entry';
    const named = definition.moves.findLast(
      (move) => (move.from === from || move.from === '*') && (move.to === to || move.to === '*'),
    );
    if (named) return named.as;
    return (order.get(to) ?? 0) === (order.get(from) ?? 0) + 1 ? 'allowed' : 'unusual';
  };

  const moveDirection = (moment: Moment, from: string | null, to: string): StagePeriod['direction'] => {
    if (from === null) return 'entry';
    if (moment.course.periods.some((period) => period.stage === to)) return 're-entry';
    const step = (order.get(to) ?? 0) - (order.get(from) ?? 0);
    return step < 0 ? 'regress' : step > 1 ? 'skip' : 'forward';
  };

  const proofOf = (moment: Moment, route: CompiledRoute): Proof =>
    makeProof({
      rule: `stage:${route.to}`,
      ruleVersion: definition.version,
      definition: definition.id,
      definitionDigest,
      at: moment.at,
      evidence: [
        ...moment.fresh
          .filter((fact) => route.on?.(fact))
          .map((fact) => note(markOf(fact), `Entered ${title.get(route.to) ?? route.to} on this`)),
        ...(route.when?.evidence(moment) ?? []),
      ],
      comparisons: route.when?.comparisons(moment) ?? [],
      clears: 'Lasts until another stage is entered.',
    });

  const settle = (moment: Moment): boolean => {
    const { course } = moment;
    const { stage: before, stageSince, periods } = course;
    const last = periods.at(-1);
    const closed = last ? [...periods.slice(0, -1), { ...last, exitedAt: moment.at }] : [];
    const visited = new Set<string>();
    let first = NEVER;
    // Several stages may be passed in one instant (an account whose history begins late): only where it ends up is a period.
    for (;;) {
      const route = openRoute(moment, course.stage ?? 'none', visited, visited.size > 0);
      first = Math.min(first, moment.flip);
      if (!route) break;
      const { to } = route;
      const proof = proofOf(moment, route);
      course.periods = periods;
      const move = moveKind(before, to);
      const direction = moveDirection(moment, before, to);
      course.periods = [...closed, { stage: to, enteredAt: moment.at, exitedAt: null, move, direction, proof }];
      course.stage = to;
      course.stageSince = moment.at;
      visited.add(to);
      if (to !== before) continue;
      // Once round and back in one instant is no move.
      course.periods = periods;
      course.stageSince = stageSince;
    }
    const turn = moment.flip;
    moment.isRound = visited.size > 0 && leadsBack(moment, course.stage, visited);
    // What leads round may end when any condition on the way does.
    moment.flip = moment.isRound ? Math.min(first, moment.flip) : turn;
    // A stage that was passed is not looked at again in this instant: any way out may be open by the next.
    if (visited.size > 0) moment.reads = readsFrom.get(course.stage ?? 'none') ?? 0;
    return course.stage !== before;
  };

  /** Whether a way that needs no event leads from a stage to one that was passed in this instant. */
  const leadsBack = (moment: Moment, from: string | null, visited: ReadonlySet<string>): boolean =>
    (waysFrom.get(from ?? 'none') ?? []).some(
      (route) => route.on === null && visited.has(route.to) && (route.when === null || route.when.test(moment)),
    );

  return {
    settle,
    waitsFor: ({ fresh }, stage) =>
      fresh.length > 0 && (waitingIn.get(stage ?? 'none') ?? []).some((on) => fresh.some(on)),
  };
}
