import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import { secretsIn } from './canaries.ts';

/** Kept from one piece of output to the next, so that a secret cut in two is found. */
const overlap = 200;

/**
 * Searches all that a test run prints, and every error of its tests, for canaries and secrets (guarantee I7). One finding fails the
 * run.
 */
export default class CanaryReporter implements Reporter {
  readonly #found = new Set<string>();
  readonly #undo: (() => void)[] = [];

  onInit(): void {
    for (const stream of [process.stdout, process.stderr]) {
      const { write } = stream;
      let tail = '';
      const tap = (
        chunk: string | Uint8Array,
        encoding?: BufferEncoding | ((error?: Error | null) => void),
        done?: (error?: Error | null) => void,
      ): boolean => {
        const text = tail + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
        this.#search(text, 'the output of the run');
        tail = text.slice(-overlap);
        return Reflect.apply(write, stream, [chunk, encoding, done]);
      };
      stream.write = tap;
      this.#undo.push(() => {
        stream.write = write;
      });
    }
  }

  onUserConsoleLog(log: UserConsoleLog): void {
    this.#search(log.content, log.taskId ?? 'a log');
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const restore of this.#undo) restore();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        for (const error of test.result().errors ?? [])
          this.#search(`${error.message}\n${error.stack ?? ''}\n${error.diff ?? ''}`, test.fullName);
      }
    }
    if (this.#found.size === 0) return;
    process.exitCode = 1;
    process.stderr.write(`\nSecrets or mail text in the output of the tests:\n${[...this.#found].join('\n')}\n`);
  }

  #search(text: string, where: string): void {
    for (const secret of secretsIn(text)) this.#found.add(`  ${secret} in ${where}`);
  }
}
