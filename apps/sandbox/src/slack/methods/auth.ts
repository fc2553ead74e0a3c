import type { Method } from '../call.ts';

/** https://docs.slack.dev/reference/methods/auth.test and auth.revoke */
export function authMethods(uninstall: (team: string, app: string) => void): Readonly<Record<string, Method>> {
  return {
    'auth.test': {
      scopes: [],
      run(call) {
        const team = call.workspace.state.teams[call.token.team];
        return {
          url: `${call.origin}/`,
          team: team?.name ?? '',
          user: call.workspace.state.users[call.token.user]?.name ?? '',
          team_id: call.token.team,
          user_id: call.token.user,
          bot_id: call.token.bot,
          app_id: call.token.app,
          is_enterprise_install: false,
        };
      },
    },

    /** Revoking the only token of an app uninstalls it. */
    'auth.revoke': {
      scopes: [],
      run(call) {
        if (call.args.flag('test')) return { revoked: false };
        uninstall(call.token.team, call.token.app);
        return { revoked: true };
      },
    },
  };
}
