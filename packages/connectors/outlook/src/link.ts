/** A link or a request that leads to another host than Graph's: no token may go there. */
export class ForeignOrigin extends Error {
  readonly code = 'FOREIGN_ORIGIN';

  constructor(origin: string) {
    super(`Graph named the address ${origin.slice(0, 200)}, which is not its own: nothing is sent there.`);
    this.name = 'ForeignOrigin';
  }
}

/** The version that all paths are under. */
export const graphVersion = 'v1.0';

/**
 * The path and query of an absolute `@odata.nextLink` or `@odata.deltaLink`, without the version: what the SDK takes over http as
 * well as over https, and what a cursor keeps. Throws ForeignOrigin where the link leads elsewhere.
 * https://learn.microsoft.com/en-us/graph/delta-query-overview
 */
export function pathOfLink(link: string, baseUrl: string): string {
  const base = new URL(baseUrl);
  const url = URL.parse(link, base);
  if (url === null || url.origin !== base.origin || url.username !== '' || url.password !== '')
    throw new ForeignOrigin(url?.origin ?? 'that is none');
  const prefix = `${base.pathname.replace(/\/+$/, '')}/${graphVersion}/`;
  if (!url.pathname.startsWith(prefix)) throw new ForeignOrigin(`${url.origin}${url.pathname.slice(0, 50)}`);
  return `/${url.pathname.slice(prefix.length)}${url.search}`;
}
