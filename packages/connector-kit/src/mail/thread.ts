import { normalizeMessageId } from '@waymark/journey';
import type { MailHeaders } from './headers.ts';

const maxReferences = 50;

/**
 * The Message-IDs that a mail answers, oldest first, each once (RFC 5322, 3.6.4). Of a long thread the first, which names
 * the thread, and the newest 49 are kept.
 */
export function threadReferences(headers: MailHeaders): readonly string[] {
  const named = [...idsOf(headers.first('references')), ...idsOf(headers.first('in-reply-to')).slice(0, 1)];
  const unique = [...new Set(named)];
  return unique.length <= maxReferences ? unique : [...unique.slice(0, 1), ...unique.slice(1 - maxReferences)];
}

function idsOf(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return (value.match(/[^\s<>,]+/g) ?? [])
    .filter((id) => id.includes('@'))
    .map((id) => normalizeMessageId(id))
    .filter((id) => id !== undefined);
}
