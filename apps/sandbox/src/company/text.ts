import type { Random } from './random.ts';
import { FEATURES } from './mail-topics.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const WEEKDAYS = 'Monday Tuesday Wednesday Thursday Friday'.split(' ');

/** What the slots of a phrase stand for, the same throughout a thread. */
export interface Slots {
  readonly company: string;
  readonly feature: string;
  readonly month: string;
  readonly weekday: string;
  readonly n: string;
}

/** Slots for a thread that starts in a month (1 to 12): people talk of the month before. */
export function drawSlots(random: Random, company: string, month: number): Slots {
  return {
    company,
    feature: random.pick(FEATURES),
    month: MONTHS[(month + 10) % 12] ?? 'January',
    weekday: random.pick(WEEKDAYS),
    n: String(random.int(3, 28)),
  };
}

/** A phrase with its slots filled, starting with a capital. */
export function fill(phrase: string, slots: Slots): string {
  const text = phrase.replaceAll(/\{(company|feature|month|weekday|n)\}/g, (_, slot: keyof Slots) => slots[slot]);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const GREETINGS = [
  'Hi {first},',
  'Hello {first},',
  '{first},',
  'Hi {first} -',
  'Good morning {first},',
  'Dear {first},',
];
const CLOSINGS = ['Thanks,', 'Best,', 'Best regards,', 'Kind regards,', 'Cheers,', 'Many thanks,'];

function firstName(name: string): string {
  return name.split(' ')[0] ?? name;
}

/** A letter in plain text: greeting, text, closing and sometimes a signature, with the first lines of what it answers. */
export function letter(
  random: Random,
  options: { to: string; from: string; text: string; signature?: string; quote?: { name: string; text: string } },
): string {
  const { to, from, text, signature, quote } = options;
  const parts = [
    random.pick(GREETINGS).replace('{first}', firstName(to)),
    '',
    text,
    '',
    random.pick(CLOSINGS),
    firstName(from),
  ];
  if (signature && random.chance(0.4)) parts.push('--', from, signature);
  if (quote && random.chance(0.6))
    parts.push('', `${quote.name} wrote:`, ...quote.text.split('\n').map((line) => `> ${line}`));
  return parts.join('\n');
}
