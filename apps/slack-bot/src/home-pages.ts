import { openSession } from './bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from './dependencies.ts';
import { worklistOf } from './plan/worklist.ts';
import { workspaceFacts } from './plan/workspace-facts.ts';
import { worklistHome } from './views/worklist-home.ts';

/** People whose home is kept up to date at most; who opened it longest ago is forgotten first. */
const mostReaders = 5_000;

/** The App Home of each person: written when it is opened, and after what that person answers, wherever that was. */
export class HomePages {
  readonly #deps: SlackBotDependencies;
  readonly #timing: SlackTiming;
  readonly #readers = new Set<string>();

  constructor(deps: SlackBotDependencies, timing: SlackTiming) {
    this.#deps = deps;
    this.#timing = timing;
  }

  /** Writes a person's home. https://docs.slack.dev/reference/methods/views.publish */
  async publish(workspaceId: string, slackUserId: string): Promise<void> {
    const { database, now } = this.#deps;
    const session = await openSession(this.#deps, workspaceId, this.#timing.callTimeoutMs);
    if (!session) return;
    const content = await database.inWorkspace(workspaceId, async (tx) => {
      const facts = await workspaceFacts(tx, { now: now(), pausedRetryMs: this.#timing.pausedRetryMs });
      return facts && worklistOf(tx, this.#deps, facts, slackUserId);
    });
    if (!content) return;
    await session.client.views.publish({ user_id: slackUserId, view: worklistHome(content, now()) });
    const reader = `${workspaceId} ${slackUserId}`;
    this.#readers.delete(reader);
    this.#readers.add(reader);
    for (const oldest of this.#readers) {
      if (this.#readers.size <= mostReaders) break;
      this.#readers.delete(oldest);
    }
  }

  /** Brings the home of a person up to date who has opened it; what is refused is written at the next opening. */
  async refresh(workspaceId: string, slackUserId: string): Promise<void> {
    if (!this.#readers.has(`${workspaceId} ${slackUserId}`)) return;
    await this.publish(workspaceId, slackUserId).catch((err: unknown) =>
      this.#deps.log.warn({ err, workspaceId }, 'an App Home could not be brought up to date'),
    );
  }
}
