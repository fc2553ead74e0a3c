import type { App } from '@slack/bolt';
import { z } from 'zod';
import type { SlackBotDependencies, SlackTiming } from '../dependencies.ts';
import type { HomePages } from '../home-pages.ts';

/** What every listener is registered with. */
export interface ListenerContext {
  readonly app: App;
  readonly deps: SlackBotDependencies;
  readonly timing: SlackTiming;
  readonly homes: HomePages;
}

const Custom = z.looseObject({ workspaceId: z.string() });

/** The workspace that the receiver found for a request. */
export function workspaceOf(context: object): string {
  return Custom.parse(context).workspaceId;
}

const ActionBody = z.looseObject({
  trigger_id: z.string().optional(),
  user: z.looseObject({ id: z.string() }),
  view: z.looseObject({ type: z.string() }).optional(),
});

/** Who pressed, and the trigger that opens a modal within three seconds. */
export function pressOf(body: object): {
  readonly user: string;
  readonly trigger: string | undefined;
  /** A home has no message that could be answered to. */
  readonly atHome: boolean;
} {
  const parsed = ActionBody.parse(body);
  return { user: parsed.user.id, trigger: parsed.trigger_id, atHome: parsed.view?.type === 'home' };
}
