import { suggest, type Suggestion } from '@waymark/lifecycle';
import type { Waymark } from '../waymark.ts';
import { inHistory, type BacktestRequest } from './run.ts';

/** A request with the text that is to be tuned. */
export interface SuggestRequest extends BacktestRequest {
  readonly definition: NonNullable<BacktestRequest['definition']>;
  /** The most alerts a CSM may get in a week. */
  readonly noise: number;
  readonly seed?: number;
  readonly onAccount?: (done: number, of: number) => void;
}

/** Tunes the thresholds of a definition on a workspace's history. Throws DefinitionError or NoHistory. */
export async function runSuggest(waymark: Waymark, workspaceId: string, request: SuggestRequest): Promise<Suggestion> {
  const { definition, noise, horizonDays, seed, onAccount } = request;
  return inHistory(waymark, workspaceId, request, ({ walk, from, to }) =>
    suggest(definition.source, definition.file, walk, {
      from,
      to,
      noise,
      ...(horizonDays !== undefined && { horizonDays }),
      ...(seed !== undefined && { seed }),
      ...(onAccount && { onAccount }),
    }),
  );
}
