import type { FieldValue, Org, SObject } from './state.ts';

const MINUTE = 60_000;
const YEAR = 365 * 86_400_000;

function row(org: Org, object: string, where: string, value: FieldValue | undefined): SObject | undefined {
  return Object.values(org.records[object] ?? {}).find((each) => each[where] === value);
}

function accountOf(org: Org, values: SObject): FieldValue {
  const what = String(values['WhatId'] ?? '');
  if (what.startsWith('001')) return what;
  const parent = org.records['Opportunity']?.[what] ?? org.records['Case']?.[what];
  if (parent !== undefined) return parent['AccountId'] ?? null;
  return org.records['Contact']?.[String(values['WhoId'] ?? '')]?.['AccountId'] ?? null;
}

/**
 * What the platform fills in itself after a write: full names, what a stage or status stands for, an activity's account. `changed`
 * holds the fields that were written, `at` is when.
 */
export function derivedValues(
  org: Org,
  object: string,
  values: SObject,
  changed: ReadonlySet<string>,
  at: number,
): SObject {
  switch (object) {
    case 'Contact':
    case 'User':
      return { Name: [values['FirstName'], values['LastName']].filter((part) => typeof part === 'string').join(' ') };
    case 'Opportunity': {
      if (!changed.has('StageName')) return {};
      const stage = row(org, 'OpportunityStage', 'ApiName', values['StageName']);
      return {
        IsClosed: stage?.['IsClosed'] ?? false,
        IsWon: stage?.['IsWon'] ?? false,
        LastStageChangeDate: at,
        ...(changed.has('Probability') ? {} : { Probability: stage?.['DefaultProbability'] ?? null }),
        ForecastCategory: stage?.['ForecastCategory'] ?? 'Pipeline',
        ForecastCategoryName: stage?.['ForecastCategoryName'] ?? 'Pipeline',
      };
    }
    case 'Case': {
      if (!changed.has('Status')) return {};
      const closed = row(org, 'CaseStatus', 'ApiName', values['Status'])?.['IsClosed'] === true;
      return { IsClosed: closed, ClosedDate: closed ? (values['ClosedDate'] ?? at) : null };
    }
    case 'Task': {
      const closed = values['Status'] === 'Completed';
      const completed = changed.has('CompletedDateTime') ? (values['CompletedDateTime'] ?? null) : at;
      return {
        AccountId: accountOf(org, values),
        IsClosed: closed,
        CompletedDateTime: closed ? (values['CompletedDateTime'] ?? completed) : null,
      };
    }
    case 'Event':
      return { AccountId: accountOf(org, values), ...eventTimes(values) };
    default:
      return {};
  }
}

function eventTimes(values: SObject): SObject {
  const start = values['StartDateTime'] ?? values['ActivityDateTime'];
  if (typeof start !== 'number') return {};
  const minutes = values['DurationInMinutes'];
  const given = values['EndDateTime'];
  const end = typeof given === 'number' ? given : start + Number(minutes ?? 60) * MINUTE;
  return {
    StartDateTime: start,
    ActivityDateTime: start,
    EndDateTime: end,
    ActivityDate: new Date(start).toISOString().slice(0, 10),
    DurationInMinutes: Math.round((end - start) / MINUTE),
  };
}

/**
 * Whether an activity is archived: an event that ended, or a closed task that was due, more than a year ago. Archived ones are left
 * out of `query` and are in `queryAll`. https://help.salesforce.com/s/articleView?id=000386344&type=1
 */
export function isArchived(object: string, record: SObject, now: number): boolean {
  if (object === 'Event') return Number(record['EndDateTime'] ?? now) < now - YEAR;
  if (object !== 'Task' || record['IsClosed'] !== true) return false;
  const due = record['ActivityDate'];
  const at = typeof due === 'string' ? Date.parse(due) : Number(record['CreatedDate']);
  return at < now - YEAR;
}
