import { createLoop, type Loop } from './loop.ts';

/** One loop a workspace of the same work, so that a slow workspace delays no other (I10). */
export class PerWorkspace {
  readonly #loops = new Map<string, Loop>();
  readonly #work: (workspaceId: string) => Promise<void>;
  readonly #onError: (error: unknown, workspaceId: string) => void;

  constructor(work: (workspaceId: string) => Promise<void>, onError: (error: unknown, workspaceId: string) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  /** Runs the work for a workspace, soon. */
  ask(workspaceId: string): void {
    const loop =
      this.#loops.get(workspaceId) ??
      createLoop(
        () => this.#work(workspaceId),
        (error) => this.#onError(error, workspaceId),
      );
    this.#loops.set(workspaceId, loop);
    loop.ask();
  }

  async idle(): Promise<void> {
    for (const loop of this.#loops.values()) await loop.idle();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
  }
}
