import { createHash, randomBytes } from 'node:crypto';

/** A random text that cannot be guessed: 256 bits, safe in addresses and cookies. */
export const randomSecret = (): string => randomBytes(32).toString('base64url');

/** The form in which such a text is kept: SHA-256, hex. Enough for 256 random bits. */
export const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');
