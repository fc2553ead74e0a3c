import { workspaceOf, type ListenerContext } from '../listener-context.ts';

/** Shows what is to be done to who opens the app. https://docs.slack.dev/reference/events/app_home_opened */
export function registerHome({ app, homes }: ListenerContext): void {
  app.event('app_home_opened', async ({ event, context }) => {
    if (event.tab === 'home') await homes.publish(workspaceOf(context), event.user);
  });
}
