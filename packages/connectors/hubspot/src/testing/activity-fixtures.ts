import { canary, record } from './fixtures.ts';

const meeting = {
  hs_meeting_start_time: '2026-03-01T10:00:00Z',
  hs_meeting_end_time: '2026-03-01T10:30:00Z',
  hs_meeting_title: canary,
  hubspot_owner_id: '71',
};

export const meetings = {
  /** Nobody came; the calendar holds the same meeting. */
  noShow: record({
    id: '5001',
    properties: { ...meeting, hs_meeting_outcome: 'NO_SHOW', hs_i_cal_uid: 'abc123@google.com' },
    companies: ['1001'],
    contacts: [{ id: '2001', address: 'noor@fjord.example.com' }, { id: '2003' }],
    owners: { '71': { email: 'mia.berg@vendor.example.com', name: 'Mia Berg' } },
  }),
  /** Put on record by hand after it was over, without an outcome. */
  loggedLater: record({
    id: '5002',
    properties: {
      ...meeting,
      hs_meeting_start_time: '2026-01-04T10:00:00Z',
      hs_createdate: '2026-01-05T09:00:00.000Z',
    },
    companies: ['1001'],
  }),
  canceled: record({
    id: '5003',
    properties: { ...meeting, hs_meeting_outcome: 'CANCELED' },
    companies: ['1001'],
    history: {
      hs_meeting_outcome: [
        ['2026-01-05T09:00:00.000Z', 'SCHEDULED'],
        ['2026-02-27T16:00:00.000Z', 'CANCELED'],
      ],
    },
  }),
  /** Our own people among themselves. */
  internal: record({ id: '5006', properties: meeting }),
  /** A contact of the CRM that is one of us, filed under a company. */
  colleagues: record({
    id: '5007',
    properties: { ...meeting, hs_meeting_outcome: 'COMPLETED' },
    companies: ['1001'],
    contacts: [{ id: '2009', address: 'sam.holt@vendor.example.com' }],
  }),
  /** An outcome that the account added. */
  ownOutcome: record({
    id: '5008',
    properties: { ...meeting, hs_meeting_outcome: 'held_by_phone' },
    companies: ['1001'],
  }),
  /** The second occurrence of a series that the calendar holds as one. */
  ofSeries: record({
    id: '5009',
    properties: {
      ...meeting,
      hs_meeting_start_time: '2026-03-08T10:00:00Z',
      hs_meeting_end_time: '2026-03-08T10:30:00Z',
      hs_meeting_outcome: 'NO_SHOW',
      hs_i_cal_uid: 'abc123@google.com',
    },
    companies: ['1001'],
    contacts: [{ id: '2001', address: 'noor@fjord.example.com' }],
  }),
  withoutStart: record({ id: '5004', properties: { hs_meeting_outcome: 'SCHEDULED' } }),
  tooOld: record({ id: '5005', properties: meeting, tooOld: true }),
};

const mail = {
  hs_timestamp: '2026-03-01T08:00:00Z',
  hs_email_subject: canary,
  hs_email_text: canary,
  hs_email_html: `<p>${canary}</p>`,
};

export const emails = {
  /** The mailbox holds it too: same Message-ID, whatever the case of its domain. HubSpot says out, and it came from outside. */
  loggedFromMailbox: record({
    id: '6001',
    properties: {
      ...mail,
      hs_email_direction: 'EMAIL',
      hs_email_message_id: '<CAF1@Mail.Example.com>',
      hs_email_thread_id: 'thread-9',
      hs_object_source: 'EMAIL',
      hs_email_headers: JSON.stringify({
        from: { email: 'Noor@fjord.example.com', firstName: 'Noor', lastName: 'Haddad' },
        to: [{ email: 'mia.berg@vendor.example.com', firstName: 'Mia' }, { email: '' }],
        cc: [{ email: 'mia.berg@vendor.example.com' }],
        bcc: null,
      }),
    },
    companies: ['1001'],
  }),
  /** Sent by a sequence: no Message-ID, headers that are no JSON, addresses in plain properties. */
  bySequence: record({
    id: '6002',
    properties: {
      ...mail,
      hs_email_direction: 'EMAIL',
      hs_email_headers: '{not json',
      hs_email_from_email: 'mia.berg@vendor.example.com',
      hs_email_to_email: 'noor@fjord.example.com;sam@kestrel.example.com',
      hs_object_source: 'INTEGRATION',
      hs_sequence_id: '12',
    },
    companies: ['1001'],
  }),
  /** The customer's answer, which a sales tool put on record. */
  answerByTool: record({
    id: '6005',
    properties: {
      ...mail,
      hs_email_direction: 'INCOMING_EMAIL',
      hs_email_from_email: 'noor@fjord.example.com',
      hs_email_to_email: 'mia.berg@vendor.example.com',
      hs_object_source: 'INTEGRATION',
      hs_sequence_id: '12',
    },
    companies: ['1001'],
  }),
  outOfOffice: record({
    id: '6006',
    properties: {
      ...mail,
      hs_email_subject: 'Automatic reply: Kick-off',
      hs_email_from_email: 'noor@fjord.example.com',
      hs_email_to_email: 'mia.berg@vendor.example.com',
    },
    companies: ['1001'],
  }),
  calendarAnswer: record({
    id: '6007',
    properties: {
      ...mail,
      hs_email_subject: 'Accepted: Kick-off',
      hs_email_headers: JSON.stringify({
        from: { email: 'noor@fjord.example.com' },
        sender: { email: 'calendar-notification@google.com' },
        to: [{ email: 'mia.berg@vendor.example.com' }],
      }),
    },
    companies: ['1001'],
  }),
  bounce: record({
    id: '6008',
    properties: {
      ...mail,
      hs_email_from_email: 'mailer-daemon@fjord.example.com',
      hs_email_to_email: 'mia.berg@vendor.example.com',
    },
    companies: ['1001'],
  }),
  amongUs: record({
    id: '6009',
    properties: {
      ...mail,
      hs_email_direction: 'INCOMING_EMAIL',
      hs_email_from_email: 'mia.berg@vendor.example.com',
      hs_email_to_email: 'sam.holt@vendor.example.com',
    },
    companies: ['1001'],
  }),
  scheduled: record({
    id: '6003',
    properties: { ...mail, hs_email_status: 'SCHEDULED', hs_email_from_email: 'mia.berg@vendor.example.com' },
  }),
  withoutSender: record({ id: '6004', properties: mail }),
};

const response = { hs_submission_timestamp: '2026-03-02T10:00:00Z', hs_content: canary };
const respondent = { id: '2001', address: 'noor@fjord.example.com', name: 'Noor Haddad' };

export const surveys = {
  detractor: record({
    id: '8001',
    properties: { ...response, hs_survey_type: 'NPS', hs_value: '3', hs_response_group: 'DETRACTOR' },
    contacts: [respondent],
  }),
  easy: record({
    id: '8002',
    properties: { ...response, hs_survey_type: 'CES', hs_value: '7' },
    contacts: [respondent],
  }),
  satisfied: record({
    id: '8003',
    properties: { ...response, hs_survey_type: 'CSAT', hs_value: '2', hs_submission_timestamp: null },
    contacts: [{ id: '2003' }],
  }),
  /** Five stars of five: a scale that HubSpot's own satisfaction surveys do not have. */
  stars: record({
    id: '8004',
    properties: { ...response, hs_survey_type: 'CSAT', hs_value: '5', hs_response_group: 'PROMOTER' },
    contacts: [respondent],
  }),
  custom: record({
    id: '8005',
    properties: { ...response, hs_survey_type: 'CUSTOM', hs_response_group: 'passive' },
  }),
  withoutScore: record({ id: '8006', properties: { ...response, hs_survey_type: 'CUSTOM', hs_value: '4' } }),
  aboutAnArticle: record({ id: '8007', properties: { ...response, hs_survey_type: 'KNOWLEDGE', hs_value: '1' } }),
  tooOld: record({ id: '8008', properties: { ...response, hs_survey_type: 'NPS', hs_value: '9' }, tooOld: true }),
};
