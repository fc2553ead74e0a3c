import type { Call } from './call.ts';
import type { Deliveries } from './deliveries.ts';
import type { Suggested } from './element-state.ts';
import { elementsOf, type BlockElement, type Option, type StoredBlock } from './block-limits.ts';
import { SlackFault } from './slack-fault.ts';
import type { Message, SlackApp, Token, View } from './state.ts';
import type { Workspace } from './workspace.ts';

/** What came of an interaction: Slack shows `problem` to the person, and never retries. */
export interface Outcome {
  readonly ok: boolean;
  readonly problem?: string;
}

/** Shared by all interactions: who acts, on what, and how the payload names it. */
export interface InteractionContext {
  readonly workspace: Workspace;
  readonly deliveries: Deliveries;
  readonly origin: string;
  /** A call in the name of an installed app, for answers that hold views or blocks. */
  readonly callAs: (token: Token) => Call;
  /** Options that external selects were last offered, by `<user>:<block>:<action>`. */
  readonly suggestions: Map<string, Map<string, Option>>;
}

/** Where an element stands: in a message, or in a view (modal or home). */
export type Surface = { readonly message: Message } | { readonly view: View };

export function blocksOn(surface: Surface): readonly StoredBlock[] {
  return 'view' in surface ? surface.view.blocks : (surface.message.blocks ?? []);
}

/** The app that a surface belongs to, with its living token. @throws SlackFault app_not_installed */
export function appOf(context: InteractionContext, surface: Surface): { app: SlackApp; token: Token } {
  const { team, app: id } = 'view' in surface ? surface.view : surface.message;
  const app = context.workspace.state.apps[id ?? ''];
  const token = context.workspace.installation(team, id ?? '');
  if (app === undefined || token === undefined) throw new SlackFault('app_not_installed');
  return { app, token };
}

/** The element with this action id, in the named block if one is named. @throws SlackFault no_such_element */
export function elementOn(
  surface: Surface,
  actionId: string,
  blockId?: string,
): { readonly block: StoredBlock; readonly element: BlockElement } {
  for (const block of blocksOn(surface)) {
    if (blockId !== undefined && block.block_id !== blockId) continue;
    const element = elementsOf(block).find((each) => each.action_id === actionId);
    if (element !== undefined) return { block, element };
  }
  throw new SlackFault('no_such_element');
}

/** The fields that every interaction payload begins with. @see https://docs.slack.dev/reference/interaction-payloads */
export function envelope(workspace: Workspace, team: string, user: string, app: string): Record<string, unknown> {
  const { name } = workspace.user(team, user);
  return {
    team: { id: team, domain: workspace.state.teams[team]?.domain ?? '' },
    user: { id: user, username: name, name, team_id: team },
    api_app_id: app,
    token: 'verification-token-is-deprecated',
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** All that external selects of this surface were offered. */
export function suggestedOn(context: InteractionContext, user: string, blocks: readonly StoredBlock[]): Suggested {
  const all = new Map<string, Option>();
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      for (const [value, option] of context.suggestions.get(`${user}:${block.block_id}:${element.action_id}`) ?? []) {
        all.set(value, option);
      }
    }
  }
  return all;
}
