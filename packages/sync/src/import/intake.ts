import type { ExclusionRule, Exclusions } from '@waymark/identity';
import type { CloudEvent } from '@waymark/journey';
import type { ImportAccounts } from './accounts.ts';
import type { Batch } from './batch.ts';
import { excludedLine } from './exclusion.ts';
import type { NumberedLine } from './lines.ts';
import { prepareLines, rejectLine, type PreparedLine, type RejectedLine } from './prepare.ts';
import { ImportRows } from './row.ts';
import { countUnread } from './unread-field.ts';

const listedAccounts = 1000;

/** Reads lines into batches: each becomes a row of the log, or is rejected with its reason. */
export class ImportIntake {
  readonly #accounts: ImportAccounts;
  readonly #exclusions: Exclusions;
  readonly #rows: ImportRows;
  readonly #now: () => number;
  readonly #rehearses: boolean;
  readonly #made: string[] = [];

  /** @param rehearses whether nothing is stored, so that batches tell which accounts they are about */
  constructor(
    workspaceId: string,
    known: { readonly accounts: ImportAccounts; readonly exclusions: Exclusions },
    now: () => number,
    rehearses: boolean,
  ) {
    this.#accounts = known.accounts;
    this.#exclusions = known.exclusions;
    this.#rows = new ImportRows(workspaceId, known.accounts.assignments);
    this.#now = now;
    this.#rehearses = rehearses;
  }

  /** The subjects of the first thousand accounts that were made. */
  get made(): readonly string[] {
    return this.#made;
  }

  /** Adds a line to a batch. */
  take(batch: Batch, { line, number, row }: NumberedLine): void {
    const text = typeof line === 'string' && number === 1 ? line.replace(/^\ufeff/, '') : line;
    if (typeof text === 'string' && text.trim() === '') return;
    batch.characters += typeof text === 'string' ? text.length : text.raw.length;
    for (const prepared of prepareLines(text)) this.#takeOne(batch, prepared, number, row);
  }

  #takeOne(batch: Batch, prepared: PreparedLine, number: number, row: string | undefined): void {
    const reject = (line: RejectedLine): void => {
      batch.rejected.push({ number, line: row === undefined || line.raw === '' ? line : { ...line, raw: row } });
    };
    if (!prepared.ok) {
      const named = this.#exclusions.mentionedIn(String(row ?? prepared.raw), null);
      reject(named ? excludedLine(named) : prepared);
      return;
    }
    const rule = this.#excludes(prepared.event);
    if (rule) {
      reject(excludedLine(rule));
      return;
    }
    const made = this.#accounts.settle(prepared.event.subject);
    if (made === 'unknown') {
      reject(rejectLine(prepared.text, 'unknown-account', 'subject: there is no such account'));
      return;
    }
    if (made) batch.accounts.push(made);
    if (made?.create && this.#made.length < listedAccounts) this.#made.push(made.subject);
    this.#add(batch, prepared.event, number);
  }

  #excludes({ participants, subject, attributes }: CloudEvent): ExclusionRule | undefined {
    const title = attributes['subject'] ?? attributes['title'];
    return this.#exclusions.of({
      installationId: null,
      participants,
      subject,
      tags: [],
      title: typeof title === 'string' ? title : undefined,
    });
  }

  #add(batch: Batch, event: CloudEvent, number: number): void {
    const row = this.#rows.row(event, this.#now());
    const pair = this.#exclusions.ofPair(event.participants, row.accountId);
    if (pair) {
      batch.rejected.push({ number, line: excludedLine(pair) });
      return;
    }
    batch.rows.add(row);
    batch.claims.push(...this.#accounts.claims(event));
    batch.types.set(event.type, (batch.types.get(event.type) ?? 0) + 1);
    countUnread(event, batch.unread);
    if (row.thread !== null) batch.threads.add(row.thread);
    if (this.#rehearses && row.accountId !== null) batch.touched.add(row.accountId);
  }
}
