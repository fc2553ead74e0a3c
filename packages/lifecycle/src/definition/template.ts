/** The journey definitions that ship with Waymark. */
export const templateNames = [
  'nine-stages',
  'onboarding-adoption-expansion-renewal',
  'four-stages',
  'five-stages',
] as const;
export type TemplateName = (typeof templateNames)[number];

/** Where a shipped definition lies; reading it is the caller's business. */
export function templateFile(name: TemplateName): URL {
  return new URL(`../../templates/${name}.yaml`, import.meta.url);
}
