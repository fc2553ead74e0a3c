import type { MapContext } from '@waymark/connector-kit';

/** Text that stands for what people wrote: it must never come out of the connector. */
export const canary = 'CANARY-what-a-person-wrote';

export const ORG_ID = '00D5g0000000001EAA';
const USER = '0055g000000U001AAA';
const ACCOUNT = '0015g000000A001AAA';
const CONTACT = '0035g000000C001AAA';

/** The org and the declaration that the fixtures belong to. */
export const context: MapContext = {
  ownDomains: ['vendor.example.com'],
  account: { externalAccountId: ORG_ID, label: 'Vendor' },
  settings: {
    customers: { property: 'Type', values: ['Customer'] },
    properties: {
      csm: 'CSM__c',
      renewalDate: 'Renewal_Date__c',
      value: 'Annual_Value__c',
      tier: 'Tier__c',
      onboardingStatus: 'Onboarding__c',
      stage: 'Stage__c',
      domains: 'Domains__c',
    },
    contacts: { persona: 'Role__c', leftDate: 'Left__c' },
    deals: { pipelineKinds: { Second: 'renewal' } },
    meetings: { outcome: 'Outcome__c', iCalUid: 'ICal__c' },
  },
  keepSubjects: false,
  readAt: Date.parse('2026-11-01T00:00:00Z'),
};

type Past = readonly (readonly [at: string, value: string, assumed?: boolean])[];

interface Input {
  readonly id: string;
  readonly fields: Readonly<Record<string, string | null>>;
  readonly past?: Readonly<Record<string, Past>>;
  readonly accounts?: readonly string[];
  readonly merged?: readonly string[];
  readonly people?: readonly object[];
  readonly stages?: Readonly<Record<string, object>>;
  readonly recordType?: object;
  readonly tooOld?: boolean;
  readonly toldByMail?: boolean;
}

/** A record as a page carries it. */
function record(input: Input) {
  const { past = {}, recordType } = input;
  return {
    id: input.id,
    fields: {
      CreatedDate: '2026-01-05T09:00:00.000+0000',
      SystemModstamp: '2026-06-01T12:00:00.000+0000',
      ...input.fields,
    },
    gathered: {
      url: `https://vendor.my.salesforce.com/${input.id}`,
      accounts: input.accounts ?? [],
      merged: input.merged ?? [],
      past: Object.fromEntries(
        Object.entries(past).map(([field, values]) => [
          field,
          values.map(([at, value, assumed]) => ({
            value,
            at: Date.parse(at),
            ...(assumed === true ? { assumed } : { by: USER }),
          })),
        ]),
      ),
      people: input.people ?? [],
      stages: input.stages ?? {},
      ...(recordType === undefined ? {} : { recordType }),
      tooOld: input.tooOld ?? false,
      toldByMail: input.toldByMail ?? false,
    },
  };
}

export const owners = {
  active: record({ id: USER, fields: { Name: 'Mia Berg', Email: 'Mia.Berg@vendor.example.com', IsActive: 'true' } }),
  left: record({ id: '0055g000000U002AAA', fields: { Name: 'Old Owner', IsActive: 'false' } }),
};

export const accounts = {
  /** Two losers merged into it, a stage that was cleared and set, a CSM as a user, amounts as CSV writes them. */
  mergedAndSetBack: record({
    id: ACCOUNT,
    fields: {
      Name: 'Fjord Freight',
      Website: 'https://www.Fjord.example.com/start',
      Domains__c: 'fjord-freight.example.com; fjord.example.com',
      Type: 'Customer',
      Stage__c: 'Onboarding',
      OwnerId: USER,
      CSM__c: '0055g000000U003AAA',
      Renewal_Date__c: '2027-03-01',
      Annual_Value__c: '48000.0',
      Tier__c: 'enterprise',
      CurrencyIsoCode: 'EUR',
      ParentId: '0015g000000A009AAA',
    },
    merged: ['0015g000000A007AAA', '0015g000000A008AAA'],
    past: {
      Type: [
        ['2026-01-05T09:00:00Z', 'Prospect'],
        ['2026-02-01T09:00:00Z', 'Customer'],
      ],
      Stage__c: [
        ['2026-02-01T09:00:00Z', 'Sales'],
        ['2026-03-01T09:00:00Z', ''],
        ['2026-03-01T09:00:01Z', 'Onboarding'],
      ],
      OwnerId: [
        ['2026-01-05T09:00:00Z', '0055g000000U009AAA'],
        ['2026-04-01T09:00:00Z', USER],
      ],
      Renewal_Date__c: [
        ['2026-02-01T09:00:00Z', '2027-02-01'],
        ['2026-05-01T09:00:00Z', '2027-03-01'],
      ],
      Onboarding__c: [['2026-02-03T09:00:00Z', 'kickoff']],
    },
  }),
  /** A person as an account: its website is not a company's. */
  person: record({
    id: '0015g000000A002AAA',
    fields: { Name: 'Kim Weber', IsPersonAccount: 'true', Website: 'blog.example.org', Type: 'Customer' },
    past: { Type: [['2026-01-05T09:00:00Z', 'Customer', true]] },
  }),
  /** Nothing but an id, a CSM as a plain name and a value that is no number. */
  almostEmpty: record({
    id: '0015g000000A003AAA',
    fields: { Name: null, CSM__c: 'Mia Berg', Annual_Value__c: 'n/a', Website: 'intranet' },
  }),
  malformed: { id: '0015g000000A004AAA', fields: 'none' },
};

export const contacts = {
  /** A champion at two accounts, who left. */
  leftChampion: record({
    id: CONTACT,
    fields: {
      Name: 'Noor Haddad',
      Email: 'Noor@fjord.example.com',
      Title: 'Head of Operations',
      Role__c: 'End User;Champion',
      Left__c: '2026-05-20',
      CreatedDate: '2026-01-06T10:00:00.000Z',
    },
    accounts: [ACCOUNT, '0015g000000A002AAA'],
    merged: ['0035g000000C009AAA'],
  }),
  nameless: record({ id: '0035g000000C002AAA', fields: { Email: 'not an address' } }),
};

const stage = (label: string, closed: boolean, won: boolean, probability?: number) => ({
  label,
  closed,
  won,
  ...(probability === undefined ? {} : { probability }),
});
const stages = {
  Open: stage('Open', false, false),
  'Closed Won': stage('Gewonnen', true, true),
  'Closed Lost': stage('Verloren', true, false),
};

export const opportunities = {
  /** Won, reopened and lost; the close date moved once by hand and once by closing. */
  reopenedAfterWon: record({
    id: '0065g000000O001AAA',
    fields: {
      Name: 'Fjord 2027',
      StageName: 'Closed Lost',
      IsClosed: 'true',
      IsWon: 'false',
      Amount: '52000',
      CloseDate: '2026-04-10',
      CurrencyIsoCode: 'EUR',
    },
    accounts: [ACCOUNT],
    recordType: { id: '0125g000000R001AAA', name: 'Second', developerName: 'Second_Line' },
    past: {
      StageName: [
        ['2026-01-05T09:00:00Z', 'Open'],
        ['2026-03-10T09:00:00Z', 'Closed Won'],
        ['2026-03-12T09:00:00Z', 'Open'],
        ['2026-04-10T09:00:00Z', 'Closed Lost'],
      ],
      Amount: [
        ['2026-01-05T09:00:00Z', '40000.0'],
        ['2026-03-01T09:00:00Z', '52000.0'],
      ],
      CloseDate: [
        ['2026-01-05T09:00:00Z', '2026-05-01'],
        ['2026-02-20T09:00:00Z', '2026-06-01'],
        ['2026-03-10T09:00:00Z', '2026-03-10'],
      ],
    },
    stages,
  }),
  /** Taken back a stage; by hand its probability is far from that of the stage. */
  steppedBack: record({
    id: '0065g000000O003AAA',
    fields: { StageName: 'Prospecting', IsClosed: 'false', IsWon: 'false', Probability: '95' },
    accounts: [ACCOUNT],
    past: {
      StageName: [
        ['2026-01-05T09:00:00Z', 'Prospecting'],
        ['2026-02-05T09:00:00Z', 'Renamed'],
        ['2026-03-05T09:00:00Z', 'Proposal'],
        ['2026-04-05T09:00:00Z', 'Prospecting'],
      ],
    },
    stages: { Prospecting: stage('Prospecting', false, false, 0.1), Proposal: stage('Proposal', false, false, 0.75) },
  }),
  /** In a stage that was deleted since, with the probability that it has itself. */
  inDeletedStage: record({
    id: '0065g000000O004AAA',
    fields: { StageName: 'Signed off', IsClosed: 'false', IsWon: 'false', Probability: '60.0' },
    past: { StageName: [['2026-01-05T09:00:00Z', 'Signed off']] },
  }),
  /** Made as won, in a stage that was deleted since, without an account; no snapshots may be read. */
  importedAsWon: record({
    id: '0065g000000O002AAA',
    fields: { StageName: 'Signed', IsClosed: 'true', IsWon: 'true', Type: 'New Business' },
    past: { StageName: [['2026-01-05T09:00:00Z', 'Signed', true]] },
  }),
};

const caseStatuses = {
  New: stage('New', false, false),
  Escalated: stage('Escalated', false, false),
  Closed: stage('Closed', true, false),
};

export const cases = {
  reopenedAndEscalated: record({
    id: '5005g000000K001AAA',
    fields: { Status: 'Closed', IsClosed: 'true', Priority: 'Critical', Subject: canary, Description: canary },
    accounts: [ACCOUNT],
    people: [{ id: CONTACT, kind: 'contact', address: 'noor@fjord.example.com', name: 'Noor Haddad' }],
    past: {
      Status: [
        ['2026-01-05T09:00:00Z', 'New'],
        ['2026-01-05T11:00:00Z', 'Escalated'],
        ['2026-01-06T09:00:00Z', 'Closed'],
        ['2026-01-08T09:00:00Z', 'New'],
        ['2026-01-09T09:00:00Z', 'Closed'],
      ],
      Priority: [
        ['2026-01-05T09:00:00Z', 'Low'],
        ['2026-01-05T12:00:00Z', 'Critical'],
      ],
    },
    stages: caseStatuses,
  }),
  /** No history may be read: only when it was closed is known. */
  untracked: record({
    id: '5005g000000K002AAA',
    fields: {
      Status: 'Closed',
      IsClosed: 'true',
      ClosedDate: '2026-01-09T09:00:00.000+0000',
      SuppliedEmail: 'Web@fjord.example.com',
    },
    past: { Status: [['2026-01-05T09:00:00Z', 'Closed', true]] },
  }),
};

const meeting = {
  StartDateTime: '2026-03-01T10:00:00.000+0000',
  EndDateTime: '2026-03-01T10:30:00.000+0000',
  OwnerId: USER,
  WhoId: CONTACT,
  Subject: canary,
  Description: canary,
};
const mia = { id: USER, kind: 'user', address: 'mia.berg@vendor.example.com', name: 'Mia Berg' };
const noor = { id: CONTACT, kind: 'contact', address: 'noor@fjord.example.com', response: 'declined' };

export const events = {
  /** Nobody came; a tool wrote the calendar's id. */
  noShow: record({
    id: '00U5g000000E001AAA',
    fields: { ...meeting, Outcome__c: 'No Show', ICal__c: 'abc123@google.com' },
    accounts: [ACCOUNT],
    people: [mia, noor],
  }),
  /** Put on record by hand after it was over; the length instead of the end. */
  loggedLater: record({
    id: '00U5g000000E002AAA',
    fields: {
      ...meeting,
      StartDateTime: '2026-01-04T10:00:00.000+0000',
      EndDateTime: null,
      DurationInMinutes: '45',
    },
    accounts: [ACCOUNT],
    people: [mia],
  }),
  canceled: record({
    id: '00U5g000000E003AAA',
    fields: { ...meeting, Outcome__c: 'Canceled', LastModifiedDate: '2026-02-27T16:00:00.000+0000' },
    accounts: [ACCOUNT],
    people: [mia, noor],
  }),
  internal: record({ id: '00U5g000000E004AAA', fields: meeting, people: [mia] }),
  attendeeCopy: record({ id: '00U5g000000E005AAA', fields: { ...meeting, IsChild: 'true' }, accounts: [ACCOUNT] }),
  seriesPattern: record({
    id: '00U5g000000E006AAA',
    fields: { ...meeting, IsRecurrence: 'true' },
    accounts: [ACCOUNT],
  }),
  withoutStart: record({ id: '00U5g000000E007AAA', fields: { Subject: canary }, accounts: [ACCOUNT] }),
  tooOld: record({ id: '00U5g000000E008AAA', fields: meeting, accounts: [ACCOUNT], tooOld: true }),
};

const mail = { MessageDate: '2026-03-01T08:00:00.000+0000', Subject: canary, TextBody: canary, HtmlBody: canary };

export const emails = {
  /** The mailbox holds it too. Salesforce says out, and it came from outside. */
  loggedFromMailbox: record({
    id: '02s5g000000M001AAA',
    fields: {
      ...mail,
      Incoming: 'false',
      Status: '3',
      FromAddress: 'Noor@fjord.example.com',
      FromName: 'Noor Haddad',
      ToAddress: 'mia.berg@vendor.example.com; ;noor@fjord.example.com',
      CcAddress: 'mia.berg@vendor.example.com',
      MessageIdentifier: '<CAF1@Mail.Example.com>',
      ThreadIdentifier: 'thread-9',
    },
    accounts: [ACCOUNT],
  }),
  withoutMessageId: record({
    id: '02s5g000000M002AAA',
    fields: { ...mail, FromAddress: 'mia.berg@vendor.example.com', ToAddress: 'noor@fjord.example.com' },
    accounts: [ACCOUNT],
  }),
  draft: record({
    id: '02s5g000000M003AAA',
    fields: { ...mail, Status: '5', FromAddress: 'mia.berg@vendor.example.com' },
  }),
  withoutSender: record({ id: '02s5g000000M004AAA', fields: mail }),
};

const task = {
  TaskSubtype: 'Email',
  IsClosed: 'true',
  OwnerId: USER,
  WhoId: CONTACT,
  Subject: canary,
  Description: canary,
};

export const tasks = {
  loggedByAddOn: record({
    id: '00T5g000000T001AAA',
    fields: { ...task, CompletedDateTime: '2026-03-02T08:00:00.000+0000' },
    accounts: [ACCOUNT],
    people: [mia, { id: CONTACT, kind: 'contact', address: 'noor@fjord.example.com' }],
  }),
  toldByMail: record({ id: '00T5g000000T002AAA', fields: task, accounts: [ACCOUNT], people: [noor], toldByMail: true }),
  open: record({ id: '00T5g000000T003AAA', fields: { ...task, IsClosed: 'false' }, accounts: [ACCOUNT] }),
  forNobody: record({ id: '00T5g000000T004AAA', fields: task, people: [mia] }),
};
