import type { Fault } from '@waymark/connector-kit';

/**
 * Tells an error of code (a connector's, or ours) from what a vendor or the network does: else a slip in a connector would pass for a
 * provider that is down, and be waited for. Undefined where it may be the vendor's. The message names the place, and no value.
 *
 * A `TypeError` also is what `fetch` throws for a failed connection: that one has a cause (https://fetch.spec.whatwg.org/#fetch-method).
 */
export function defectOf(error: unknown): Extract<Fault, { readonly kind: 'defect' }> | undefined {
  if (!(error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError)) return undefined;
  if (error.cause !== undefined || /^(fetch failed|terminated)$/.test(error.message)) return undefined;
  const place = placeOf(error);
  return {
    kind: 'defect',
    message: `The connector's own code failed${place === undefined ? '' : ` at ${place}`}: ${error.name}: ${error.message.slice(0, 200)}. The provider is not to blame.`,
  };
}

/** File and line of the first frame, without the folders of this machine. */
function placeOf(error: Error): string | undefined {
  return /([\w.-]+\.[cm]?[jt]s:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
}
