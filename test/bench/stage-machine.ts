import type { EventType, JourneyDefinition, StageDefinition } from '@waymark/journey';
import type { Fact } from '@waymark/lifecycle';
import { assign, createActor, createMachine } from 'xstate';

interface Known {
  readonly at: number;
  readonly since: number;
  readonly renewals: number;
  readonly score: number;
}

type Happened = { readonly type: EventType; readonly fact: Fact };

const day = 86_400_000;

/**
 * The template's stages as an xstate 5 machine: every route with an event as a guarded transition, routes by time or by signals as guards over a
 * few figures that each event assigns. It does less than the engine: no proofs, no milestones, no rules, no waking by time alone.
 */
export function stageMachine(definition: JourneyDefinition, customerSince: number) {
  const remember = assign<Known, Happened, undefined, Happened, never>(({ context, event }) => ({
    at: event.fact.occurredAt,
    renewals: context.renewals + (event.type === 'account.renewed' ? 1 : 0),
    score: event.type === 'survey.responded' ? Number(event.fact.attributes['score'] ?? 0) * 10 : context.score,
  }));
  const enter = assign<Known, Happened, undefined, Happened, never>({ since: ({ context }) => context.at });
  const moves = (from: StageDefinition) =>
    definition.stages.flatMap((to) =>
      to.enter
        .filter((route) => to !== from && (!route.from || route.from.includes(from.id)))
        .flatMap((route) =>
          (route.on ? [route.on.type].flat() : ['*' as const]).map((type) => ({
            type,
            target: to.id,
            guard: route.on ? attributesAre(route.on.where ?? {}) : signalGuard(to.id),
            actions: [remember, enter],
          })),
        ),
    );
  const states = Object.fromEntries(
    definition.stages.map((from) => {
      const on: Partial<Record<EventType | '*', object[]>> = {};
      for (const { type, ...move } of moves(from)) (on[type] ??= []).push(move);
      return [from.id, { on: { ...on, '*': [...(on['*'] ?? []), { actions: remember }] } }];
    }),
  );
  return createMachine({
    types: { context: {} as Known, events: {} as Happened },
    initial: definition.stages[0]?.id ?? '',
    context: { at: 0, since: customerSince, renewals: 0, score: 0 },
    states,
  });
}

interface Asked {
  readonly context: Known;
  readonly event: Happened;
}

function attributesAre(where: Readonly<Record<string, unknown>>): (asked: Asked) => boolean {
  const wanted = Object.entries(where);
  return ({ event }) =>
    wanted.every(([name, value]) => {
      const is = event.fact.attributes[name];
      return Array.isArray(value) ? value.includes(is) : is === value;
    });
}

/** What a route by signals comes down to here. */
function signalGuard(stage: string): (asked: Asked) => boolean {
  if (stage === 'loyalty') return ({ context }) => context.renewals >= 2;
  if (stage === 'advocacy') return ({ context }) => context.score >= 90;
  return ({ context }) => context.at - context.since >= 120 * day;
}

/** Runs an account's facts through an actor of its own. Returns the stage it ends in. */
export function runActor(machine: ReturnType<typeof stageMachine>, facts: readonly Fact[]): string {
  const actor = createActor(machine);
  actor.start();
  for (const fact of facts) actor.send({ type: fact.type, fact });
  const { value } = actor.getSnapshot();
  actor.stop();
  return String(value);
}
