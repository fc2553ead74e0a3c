import { destinationKey, holidayCalendar, type HolidayCalendar, type WorkCalendar } from '@waymark/alerts';
import {
  activeDefinitions,
  members,
  readSettings,
  slackDestinations,
  type Member,
  type Tx,
  type WorkspaceSettings,
} from '@waymark/store';
import { slackInstallation, type SlackInstallation } from '../installation.ts';

/** What planning needs of the workspace, read once for all accounts of a transaction. */
export interface WorkspaceFacts {
  readonly installation: SlackInstallation;
  readonly settings: WorkspaceSettings;
  readonly members: ReadonlyMap<string, Member>;
  /** Keys of destinations that failed for good, and not long ago. */
  readonly undeliverable: ReadonlySet<string>;
  readonly journeys: readonly string[];
  readonly isHoliday: HolidayCalendar | undefined;
}

const calendars = new Map<string, Promise<HolidayCalendar>>();

/** Reads them; undefined where Slack was never installed. */
export async function workspaceFacts(
  tx: Tx,
  options: { readonly now: number; readonly pausedRetryMs: number },
): Promise<WorkspaceFacts | undefined> {
  const installation = await slackInstallation(tx);
  if (!installation) return undefined;
  const settings = await readSettings(tx);
  const destinations = await slackDestinations(tx, installation.slack.teamId);
  return {
    installation,
    settings,
    members: new Map((await members(tx)).map((one) => [one.email.toLowerCase(), one])),
    undeliverable: new Set(
      destinations
        .filter((one) => one.pausedReason !== null && options.now - one.updatedAt < options.pausedRetryMs)
        .map((one) => one.destination),
    ),
    journeys: (await activeDefinitions(tx)).map((one) => one.journey),
    isHoliday: settings.country === null ? undefined : await holidaysOf(settings.country),
  };
}

function holidaysOf(country: string): Promise<HolidayCalendar> {
  const known = calendars.get(country) ?? holidayCalendar(country);
  calendars.set(country, known);
  return known;
}

/** When a member, or whoever reads a channel, works. */
export function calendarFor(facts: WorkspaceFacts, email: string | null): WorkCalendar {
  const member = email === null ? undefined : facts.members.get(email);
  return {
    hours: facts.settings.workingHours,
    timezone: member?.timezone ?? facts.settings.timezone,
    ...(facts.isHoliday && { isHoliday: facts.isHoliday }),
  };
}

/** The key of the place that a message is meant for. */
export function plannedDestination(candidates: Parameters<typeof destinationKey>[0][]): string {
  const [first] = candidates;
  return first ? destinationKey(first) : 'nowhere';
}
