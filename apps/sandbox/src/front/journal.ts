import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface JournalOptions {
  /** The file, such as `<home>/google.json`; without one nothing is kept. */
  readonly file?: string | undefined;
  /** Quiet time after a change before it is written, in milliseconds; 1,000 without. */
  readonly delayMs?: number;
  /** Longest time that changes wait when they keep coming, in milliseconds; 10,000 without. */
  readonly maxDelayMs?: number;
  /** What to do when a write in the background fails; a process warning without it. */
  readonly onError?: (error: unknown) => void;
}

/** Raised when a kept state cannot be read; says which file to remove. */
export class JournalUnreadableError extends Error {
  readonly code = 'journal_unreadable';
  readonly file: string;

  constructor(file: string, cause: unknown) {
    super(`The kept state in ${file} is not readable; remove the file to start from the sample again.`, { cause });
    this.file = file;
  }
}

/**
 * Keeps one service's state across restarts: `load` at the start gives what to use as the emulator's seed, `touch`
 * after a change has it written soon, `flush` at the end. A write goes to a temporary file that is renamed, so a crash
 * leaves the older state or the newer one, never half of one.
 */
export class Journal<State extends object> {
  readonly #options: JournalOptions;
  #read: (() => State) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dirtySince: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** The state kept by an earlier run, or undefined. Throws JournalUnreadableError. */
  async load(): Promise<State | undefined> {
    const { file } = this.#options;
    if (file === undefined) return undefined;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new JournalUnreadableError(file, error);
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new JournalUnreadableError(file, error);
    }
  }

  /** Says where the present state is read from; `serveEmulator` calls it. */
  bind(read: () => State): void {
    this.#read = read;
  }

  /** Notes a change; it is written after a quiet moment. */
  touch(): void {
    if (this.#options.file === undefined) return;
    const now = Date.now();
    this.#dirtySince ??= now;
    clearTimeout(this.#timer);
    const left = (this.#options.maxDelayMs ?? 10_000) - (now - this.#dirtySince);
    this.#timer = setTimeout(
      () => {
        this.flush().catch(this.#options.onError ?? ((error: unknown) => process.emitWarning(String(error))));
      },
      Math.max(0, Math.min(this.#options.delayMs ?? 1000, left)),
    );
    this.#timer.unref();
  }

  /** Writes the present state now if it has changed or was never written; awaits earlier writes. */
  async flush(options: { readonly force?: boolean } = {}): Promise<void> {
    clearTimeout(this.#timer);
    const { file } = this.#options;
    const read = this.#read;
    if (file !== undefined && read && (this.#dirtySince !== undefined || options.force === true)) {
      this.#dirtySince = undefined;
      const text = JSON.stringify(read());
      this.#writing = this.#writing.catch(() => undefined).then(() => writeAtomically(file, text));
    }
    await this.#writing;
  }
}

/** Writes a whole file so that a reader or a crash sees the old or the new content; readable by the owner only. */
export const writeAtomically = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
};
