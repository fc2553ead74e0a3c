import type { MapContext, Mapped } from '@waymark/connector-kit';
import { crmChangeIdentity, type Attributes, type Participant } from '@waymark/journey';
import { createdAt, value, type GatheredRecord } from './record.ts';
import { parseTime } from './time.ts';

/**
 * Surveys by HubSpot's word for them, with their highest mark: 0 to 10 for loyalty, 1 to 7 for effort, 0 to 2 for satisfaction.
 * https://knowledge.hubspot.com/customer-feedback/feedback-submission-properties
 */
const SURVEYS: Readonly<Record<string, { readonly kind: 'nps' | 'ces' | 'csat'; readonly highest: number }>> = {
  NPS: { kind: 'nps', highest: 10 },
  CES: { kind: 'ces', highest: 7 },
  CSAT: { kind: 'csat', highest: 2 },
};

/** HubSpot's groups as marks from 0 to 2, where a survey of the account's own has no known scale. */
const GROUPS: Readonly<Record<string, number>> = { DETRACTOR: 0, PASSIVE: 1, PROMOTER: 2 };

/**
 * A person's response to a survey, by its mark alone. A survey of the account's own kind counts only where HubSpot put the response into
 * one of its groups; "was this article helpful" says nothing of the account.
 * https://developers.hubspot.com/docs/api-reference/latest/crm/objects/feedback-submissions/guide
 */
export function mapSurvey(record: GatheredRecord, context: MapContext): Mapped {
  if (record.gathered.tooOld) return { outcome: 'ignored', reason: 'older_than_window' };
  const type = value(record, 'hs_survey_type')?.toUpperCase();
  if (type === 'KNOWLEDGE') return { outcome: 'ignored', reason: 'about_an_article' };
  const mark = markOf(record, type);
  if (mark === undefined) return { outcome: 'ignored', reason: 'no_score' };
  const occurredAt = parseTime(value(record, 'hs_submission_timestamp')) ?? createdAt(record);
  return {
    outcome: 'stored',
    events: [
      {
        type: 'survey.responded',
        identity: crmChangeIdentity(
          context.account.externalAccountId,
          'feedback_submissions',
          record.id,
          'hs_value',
          occurredAt,
        ),
        occurredAt,
        touchpoint: 'survey',
        direction: 'inbound',
        participants: respondents(record),
        automated: false,
        rank: 0,
        attributes: mark,
      },
    ],
  };
}

/** A mark outside of the survey's scale is of another scale than we know: then HubSpot's group tells. */
function markOf(record: GatheredRecord, type: string | undefined): Attributes<'survey.responded'> | undefined {
  const survey = SURVEYS[type ?? ''];
  const score = Number(value(record, 'hs_value') ?? Number.NaN);
  if (survey !== undefined && score >= 0 && score <= survey.highest)
    return { kind: survey.kind, score, scale: survey.highest };
  const group = GROUPS[value(record, 'hs_response_group')?.toUpperCase() ?? ''];
  return group === undefined ? undefined : { kind: survey?.kind ?? 'other', score: group, scale: 2 };
}

function respondents(record: GatheredRecord): Participant[] {
  return record.gathered.contacts.slice(0, 10).map((contact) => ({
    role: 'respondent',
    external: `hubspot:contact:${contact.id}`,
    ...(contact.address === undefined ? {} : { address: contact.address }),
    ...(contact.name === undefined ? {} : { name: contact.name.slice(0, 500) }),
  }));
}
