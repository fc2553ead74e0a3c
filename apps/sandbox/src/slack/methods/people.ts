import type { Method } from '../call.ts';
import { SlackFault } from '../slack-fault.ts';
import { wireTeam, wireUser } from '../wire.ts';
import { page } from './conversations.ts';

/** Users and teams. An address is shown only with users:read.email. */
export const peopleMethods: Readonly<Record<string, Method>> = {
  /** https://docs.slack.dev/reference/methods/users.list */
  'users.list': {
    scopes: ['users:read'],
    tier: 2,
    run(call) {
      const { items, next } = page(call, call.workspace.usersOf(call.token.team), 1000);
      const options = { email: call.token.scopes.includes('users:read.email') };
      return {
        members: items.map((user) => wireUser(user, options)),
        cache_ts: Math.floor(call.workspace.now() / 1000),
        response_metadata: { next_cursor: next },
      };
    },
  },

  /** https://docs.slack.dev/reference/methods/users.info: people of other workspaces too, with an address if they show it. */
  'users.info': {
    scopes: ['users:read'],
    tier: 4,
    run(call) {
      const user = call.workspace.visibleUser(call.token.team, call.args.needed('user', 'user_not_found'));
      const shown = user.team === call.token.team || user.hidesEmail !== true;
      return { user: wireUser(user, { email: shown && call.token.scopes.includes('users:read.email') }) };
    },
  },

  /** https://docs.slack.dev/reference/methods/users.lookupByEmail */
  'users.lookupByEmail': {
    scopes: ['users:read.email'],
    tier: 3,
    run(call) {
      const email = call.args.needed('email', 'users_not_found').toLowerCase();
      const found = call.workspace
        .usersOf(call.token.team)
        .find((user) => user.email?.toLowerCase() === email && !user.deleted);
      if (found === undefined) throw new SlackFault('users_not_found');
      return { user: wireUser(found, { email: true }) };
    },
  },

  /** https://docs.slack.dev/reference/methods/team.info */
  'team.info': {
    scopes: ['team:read'],
    tier: 3,
    run(call) {
      const named = call.args.text('team') ?? call.token.team;
      const known =
        named === call.token.team ||
        call.workspace.channelsOf(call.token.team).some((channel) => channel.sharedWith?.includes(named));
      const team = known ? call.workspace.state.teams[named] : undefined;
      if (team === undefined) throw new SlackFault('team_not_found');
      return { team: wireTeam(team) };
    },
  },
};
