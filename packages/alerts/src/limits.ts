/**
 * How much of a text a message holds, in characters. Slack's own limits are higher (a section 3,000, a message about 13,000 in all,
 * providers' documentation in apps/slack-bot); these keep an alert readable at a glance.
 */
export const textLimits = {
  accountName: 80,
  personName: 60,
  title: 100,
  reason: 300,
  note: 160,
  clears: 240,
  nextStep: 240,
  because: 200,
  label: 80,
} as const;

/** Evidence shown with each flag; the rest is a click away. */
export const evidenceShown = 3;

/** Flags shown whole in one message; the rest as one line each. */
export const flagsShownWhole = 4;

/** Cuts a text to at most `max` characters, with an ellipsis, on whole code points and without line breaks. */
export function truncate(text: string, max: number): string {
  const flat = text.replaceAll(/[\s\u0000-\u001f\u007f\u2028\u2029]+/gu, ' ').trim();
  const points = [...flat];
  return points.length <= max
    ? flat
    : `${points
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}
