import { styleText } from 'node:util';
import type { Progress } from '@waymark/sync';

const width = 24;

/** Draws what is being read, one line a connector, and draws it again in place. Draws nothing on a pipe. */
export class ProgressBars {
  /** By connector, then by stream of an installation. */
  readonly #rows = new Map<string, Map<string, Progress>>();
  readonly #stream: NodeJS.WriteStream;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) this.#timer = setInterval(() => this.#draw(), 200);
  }

  /** Takes one page's progress. */
  take(progress: Progress): void {
    const row = this.#rows.get(progress.connector) ?? new Map<string, Progress>();
    row.set(`${progress.installationId}/${progress.stream}/${progress.partition}`, progress);
    this.#rows.set(progress.connector, row);
  }

  #draw(): void {
    const lines = [...this.#rows.entries()].map(([connector, row]) => {
      const parts = [...row.values()];
      const done = parts.reduce((sum, part) => sum + part.done, 0);
      const finished = parts.filter((part) => part.finished).length;
      const share =
        parts.length === 0
          ? 0
          : parts.reduce(
              (sum, part) =>
                sum + (part.finished ? 1 : part.expected ? Math.min(0.99, part.done / part.expected) : 0.5),
              0,
            ) / parts.length;
      const filled = Math.round(share * width);
      const bar = styleText('green', '█'.repeat(filled)) + styleText('dim', '░'.repeat(width - filled));
      return `${connector.padEnd(16)} ${bar} ${String(done).padStart(6)} records, ${finished} of ${parts.length} streams`;
    });
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A`);
    for (const line of lines) this.#stream.write(`\u001b[2K${line}\n`);
    this.#drawn = lines.length;
  }

  /** Draws the last state and leaves it. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#stream.isTTY) this.#draw();
  }
}
