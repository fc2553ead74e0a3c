import { overrideOf } from '@waymark/sync';
import type { AnyConnector } from '@waymark/connector-kit';
import { z } from 'zod';
import type { Waymark } from '../waymark.ts';

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(50) });
type KeySet = z.infer<typeof keySet>;

/** Issuers change keys about daily and announce the next one before they use it. */
const lifeMs = 3_600_000;
/** After a failure the issuer is left alone for so long: a burst of forged requests must not become a burst of ours. */
const restMs = 10_000;
const timeoutMs = 5000;
const longestBytes = 262_144;

const caches = new WeakMap<Waymark, Map<string, { readonly until: number; readonly keys: Promise<KeySet> }>>();

/**
 * The signing keys of an issuer (RFC 7517), kept for an hour. Https alone, but for the vendor that the operator has elsewhere: then the
 * same path there. Rejects where they cannot be had.
 */
export function signingKeys(waymark: Waymark, connector: AnyConnector, address: string): Promise<KeySet> {
  const override = overrideOf(connector, waymark.configuration.providerUrls);
  const asked = new URL(address);
  if (asked.protocol !== 'https:') return Promise.reject(new Error('Signing keys are read over https alone.'));
  const url = override === undefined ? asked.href : `${override}${asked.pathname}${asked.search}`;
  const cache = caches.get(waymark) ?? new Map();
  caches.set(waymark, cache);
  const now = waymark.now();
  const ready = cache.get(url);
  if (ready && ready.until > now) return ready.keys;
  const keys = fetchKeys(url);
  cache.set(url, { until: now + lifeMs, keys });
  keys.catch(() => cache.set(url, { until: waymark.now() + restMs, keys }));
  return keys;
}

async function fetchKeys(url: string): Promise<KeySet> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok || !answer.body) throw new Error(`The issuer's keys were answered with ${answer.status}.`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body) {
    size += part.length;
    if (size > longestBytes) throw new Error("The issuer's keys are too long.");
    parts.push(part);
  }
  return keySet.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
}
