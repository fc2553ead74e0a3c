import { z } from 'zod';

const maybe = z.string().min(1).nullish();
const party = z.looseObject({ id: maybe }).nullish();

/** What every request of Slack says of its origin; everything else stays as it came. */
const Envelope = z.looseObject({
  type: maybe,
  api_app_id: maybe,
  team_id: maybe,
  enterprise_id: maybe,
  context_team_id: maybe,
  context_enterprise_id: maybe,
  team: party,
  enterprise: party,
  user: z.looseObject({ team_id: maybe }).nullish(),
  view: z.looseObject({ app_installed_team_id: maybe, team_id: maybe }).nullish(),
  authorizations: z.array(z.looseObject({ team_id: maybe, enterprise_id: maybe })).nullish(),
  challenge: maybe,
  ssl_check: maybe,
  event_id: maybe,
  event_time: z.number().nullish(),
  event: z.looseObject({ type: z.string() }).nullish(),
});
export type Envelope = z.infer<typeof Envelope>;

/** Reads a body: JSON, or a form whose field `payload` is JSON, or a form by itself. Undefined: Slack does not send this. */
export function envelopeOf(text: string, contentType: string): Envelope | undefined {
  try {
    const raw: unknown = contentType.includes('json') ? JSON.parse(text) : formOf(text);
    return asEnvelope(raw);
  } catch {
    return undefined;
  }
}

/** The envelope of a body that is read already. */
export function asEnvelope(raw: unknown): Envelope | undefined {
  const parsed = Envelope.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}

function formOf(text: string): unknown {
  const form = new URLSearchParams(text);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : JSON.parse(payload);
}

/**
 * The teams and enterprises in whose name a request may have come, the surest first: in channels shared with another organization the
 * envelope's team may be the other one (failure G10), so what the context says goes first.
 */
export function teamsOf(envelope: Envelope): readonly string[] {
  const [authorization] = envelope.authorizations ?? [];
  const found = [
    envelope.context_team_id,
    authorization?.team_id,
    envelope.view?.app_installed_team_id,
    envelope.team?.id,
    envelope.team_id,
    envelope.user?.team_id,
    envelope.context_enterprise_id,
    authorization?.enterprise_id,
    envelope.enterprise?.id,
    envelope.enterprise_id,
  ];
  return [...new Set(found.filter((one): one is string => typeof one === 'string' && one !== ''))];
}
