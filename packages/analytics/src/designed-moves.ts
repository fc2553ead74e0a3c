import type { JourneyDefinition } from '@waymark/journey';

/** A move that the definition provides for. */
export interface DesignedMove {
  readonly from: string;
  readonly to: string;
  /** `named`: the definition names this very move; `open`: it provides for entering the stage from anywhere. */
  readonly by: 'named' | 'open';
}

/**
 * The moves between stages that a definition provides for: by the routes into a stage, its exits, and the moves it allows by name.
 * Entries into the first stage of an account are not moves. A move that is forbidden by name is not among them.
 */
export function designedMoves(definition: JourneyDefinition): readonly DesignedMove[] {
  const ids = definition.stages.map((stage) => stage.id);
  const found = new Map<string, DesignedMove>();
  const add = (from: string, to: string, by: DesignedMove['by']): void => {
    if (from === to || !ids.includes(from) || !ids.includes(to)) return;
    const key = `${from}>${to}`;
    if (found.get(key)?.by !== 'named') found.set(key, { from, to, by });
  };
  for (const stage of definition.stages) {
    for (const route of stage.enter) {
      if (route.from) for (const from of route.from) add(from, stage.id, 'named');
      else for (const from of ids) add(from, stage.id, 'open');
    }
    for (const exit of stage.exit ?? []) add(stage.id, exit.to, 'named');
  }
  for (const move of definition.moves) {
    if (move.as !== 'allowed') continue;
    const by = move.from === '*' || move.to === '*' ? 'open' : 'named';
    for (const from of move.from === '*' ? ids : [move.from]) {
      for (const to of move.to === '*' ? ids : [move.to]) add(from, to, by);
    }
  }
  for (const move of definition.moves) {
    if (move.as === 'forbidden') found.delete(`${move.from}>${move.to}`);
  }
  return [...found.values()];
}
