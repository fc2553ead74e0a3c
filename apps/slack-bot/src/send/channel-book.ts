/** How long a listing is believed where it has the name, and where it lacks it: the channel may just have been made. Milliseconds. */
const believedMs = 60_000;
const lackingMs = 5_000;

/** Reads one page of a team's channels, from a cursor on: their ids by name, and where the next page begins. */
export type ReadChannels = (
  cursor: string | undefined,
) => Promise<{ readonly ids: ReadonlyMap<string, string>; readonly next: string | undefined }>;

interface Listing {
  readonly begunAt: number;
  readonly ids: Map<string, string>;
  cursor: string | undefined;
  done: boolean;
  reading: Promise<void> | undefined;
}

/**
 * The channels of Slack teams by name. All who look for a name at once share one listing, and read no further than to their channel:
 * Slack allows some twenty pages a minute (https://docs.slack.dev/reference/methods/conversations.list), and a page that it refuses is
 * where the next search goes on.
 */
export class ChannelBook {
  readonly #listings = new Map<string, Listing>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The id of a team's channel; undefined where no page has the name. Throws what `read` throws. */
  async find(team: string, name: string, read: ReadChannels): Promise<string | undefined> {
    for (;;) {
      const listing = this.#listingOf(team);
      const id = listing.ids.get(name);
      if (id !== undefined) return id;
      if (listing.done) {
        if (this.#now() - listing.begunAt < lackingMs) return undefined;
        this.#listings.delete(team);
        continue;
      }
      listing.reading ??= readPage(read, listing).finally(() => {
        listing.reading = undefined;
      });
      await listing.reading;
    }
  }

  #listingOf(team: string): Listing {
    const known = this.#listings.get(team);
    if (known && this.#now() - known.begunAt < believedMs) return known;
    const fresh = { begunAt: this.#now(), ids: new Map(), cursor: undefined, done: false, reading: undefined };
    this.#listings.set(team, fresh);
    return fresh;
  }
}

async function readPage(read: ReadChannels, listing: Listing): Promise<void> {
  const { ids, next } = await read(listing.cursor);
  for (const [name, id] of ids) if (!listing.ids.has(name)) listing.ids.set(name, id);
  listing.cursor = next;
  listing.done = next === undefined;
}
