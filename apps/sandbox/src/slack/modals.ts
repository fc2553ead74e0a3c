import type { View } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Ids of the user's open modals, the top one last; changes to the list are kept. */
export function modalStack(workspace: Workspace, user: string): string[] {
  return (workspace.state.modals[user] ??= []);
}

/** The modal that the user sees, or undefined. */
export function topModal(workspace: Workspace, user: string): View | undefined {
  return workspace.state.views[modalStack(workspace, user).at(-1) ?? ''];
}

/** Closes all of the user's modals, or the top one only. Returns what was closed, the top one first. */
export function closeModals(workspace: Workspace, user: string, which: 'all' | 'top' = 'all'): View[] {
  const stack = modalStack(workspace, user);
  const ids = which === 'all' ? stack.splice(0) : stack.splice(-1);
  const closed = ids.toReversed().flatMap((id) => workspace.state.views[id] ?? []);
  for (const view of closed) {
    delete workspace.state.views[view.id];
    workspace.changed({ team: view.team, user });
  }
  return closed;
}
