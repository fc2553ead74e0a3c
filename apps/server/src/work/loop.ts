/** A piece of work that may be asked for at any time and runs once at a time: asks during a run are answered by one more run. */
export interface Loop {
  readonly ask: () => void;
  /** Resolves when nothing runs and nothing is asked. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Makes a loop of `work`. What it throws goes to `onError`; the loop goes on. */
export function createLoop(work: () => Promise<void>, onError: (error: unknown) => void): Loop {
  let asked = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    while (asked && !stopped) {
      asked = false;
      try {
        await work();
      } catch (error) {
        onError(error);
      }
    }
    running = undefined;
  };
  return {
    ask: () => {
      asked = true;
      if (!stopped) running ??= turn();
    },
    idle: async () => {
      while (running) await running;
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}
