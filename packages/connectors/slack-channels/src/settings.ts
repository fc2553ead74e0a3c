import { z } from 'zod';
import { distributions } from './manifest.ts';

/** A regular expression without the shapes whose cost explodes: nested repetition and back references (failure R25). */
const pattern = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => {
    if (/\([^)]*[+*][^)]*\)[+*{]|\\[1-9]/.test(text)) return false;
    try {
      return new RegExp(`${text}|`, 'u').exec('')?.length === 2;
    } catch {
      return false;
    }
  }, 'Give a regular expression with one group that holds the customer, such as ^ext-(.+)$');

/** An installation's settings. */
export const settingsSchema = z.object({
  keepSubjects: z.boolean().default(false),
  /** Whose app it is: built for the own workspace, listed in Slack's Marketplace, or distributed outside of it. */
  distribution: z.enum(distributions).default('internal'),
  /** The account of a channel: by the channel's id, its name, or what `namePattern` finds in the name. A domain or a CRM id. */
  accounts: z.record(z.string().min(1).max(200), z.string().min(1).max(500)).default({}),
  /** What of a channel's name is the customer. */
  namePattern: pattern.default('^(?:ext|shared|customer|cust)[-_](.+)$'),
  /** Hours between two readings of history that look for what the events missed. */
  checkHours: z.number().int().min(1).max(168).optional(),
});
export type SlackSettings = z.infer<typeof settingsSchema>;

const parsed = new WeakMap<object, SlackSettings>();

/** The settings with defaults filled in; parsed once for each settings object. Throws ZodError. */
export function settingsOf(settings: Readonly<Record<string, unknown>>): SlackSettings {
  const known = parsed.get(settings) ?? settingsSchema.parse(settings);
  parsed.set(settings, known);
  return known;
}

/** The account's key that a person gave a channel; undefined where nobody did. */
export function accountOf(
  settings: SlackSettings,
  channel: { readonly id: string; readonly name: string },
): string | undefined {
  const given = (key: string) => (Object.hasOwn(settings.accounts, key) ? settings.accounts[key] : undefined);
  const customer = new RegExp(settings.namePattern, 'u').exec(channel.name.slice(0, 200))?.[1];
  return given(channel.id) ?? given(channel.name) ?? (customer === undefined ? undefined : given(customer));
}

/** Whether the name says that a channel is a customer's. */
export function isNamedForCustomer(settings: SlackSettings, name: string): boolean {
  return new RegExp(settings.namePattern, 'u').test(name.slice(0, 200));
}
