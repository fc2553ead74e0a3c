import type { ImportCounts } from '@waymark/sync';

/** Milliseconds between two lines of progress where there is no terminal. */
const apart = 10_000;

interface Terminal {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

/** Tells how far an import is, on standard error: in place on a terminal, else a line every ten seconds. */
export class ImportProgress {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #size: number | undefined;
  #read = 0;
  #said: number;
  #open = false;

  constructor(terminal: Terminal, now: () => number, size: number | undefined) {
    this.#terminal = terminal;
    this.#now = now;
    this.#size = size;
    this.#said = now();
  }

  /** The same bytes, counted. */
  async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#read += chunk.length;
      yield chunk;
    }
  }

  lines({ lines, stored, merged, rejected }: ImportCounts): void {
    const part = this.#size ? ` (${Math.floor((100 * this.#read) / this.#size)} % read)` : '';
    this.#say(`${lines} lines${part}: ${stored} stored, ${merged} merged, ${rejected} rejected`);
  }

  folded(accounts: number): void {
    this.#say(`${accounts} accounts worked out`);
  }

  /** Ends the line that is open on a terminal. */
  end(): void {
    if (this.#open) this.#terminal.write('\n');
    this.#open = false;
  }

  #say(text: string): void {
    if (this.#terminal.isTTY) {
      this.#terminal.write(`\r\u001b[K${text}`);
      this.#open = true;
      return;
    }
    const now = this.#now();
    if (now - this.#said < apart) return;
    this.#said = now;
    this.#terminal.write(`${text}\n`);
  }
}
