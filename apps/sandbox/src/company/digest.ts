import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { World } from './world.ts';

/** SHA-256 over the canonical JSON (RFC 8785) of a world, in hex: equal digests are equal worlds. */
export function digestWorld(world: World): string {
  return createHash('sha256')
    .update(canonicalize(world) ?? '')
    .digest('hex');
}
