import { samplePortals, type Sandbox } from '@waymark/sandbox';

/** How much the outside world holds beside the sample company. */
export interface BulkSize {
  readonly mails: number;
  readonly mailboxes: number;
  /** CRM records of all kinds together. */
  readonly records: number;
}

/** What the providers hold, by which a reading is judged. */
export interface BulkTruth {
  /** Mailbox to the ids of its messages. */
  readonly messages: ReadonlyMap<string, ReadonlySet<string>>;
  /** Messages with a Message-ID of their own over all mailboxes: a mail between two of our own people's boxes is one event. */
  readonly distinctMails: number;
  /** HubSpot's live records by kind. */
  readonly records: ReadonlyMap<string, ReadonlySet<string>>;
}

const day = 86_400_000;
const span = 330 * day;
const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Every so many mails one is in a second mailbox as well. */
const sharedEvery = 20;

export const bulkMailbox = (at: number): string => `bulk-${at}@lumenledger.example`;
const portal = samplePortals.main;
const crmTypes = ['companies', 'contacts', 'deals', 'tickets'] as const;

/** Fills mailboxes and the sample's portal with generated records, cheaply and repeatably. They were all there before anybody reads. */
export function fillBulk(sandbox: Sandbox, size: BulkSize, now: number): void {
  const companies = fillCrm(sandbox, size.records, now);
  const google = sandbox.google.handle;
  const boxes = Array.from({ length: size.mailboxes }, (_, at) => bulkMailbox(at));
  for (const email of boxes) google.addUser({ email });
  for (let at = 0; at < size.mails; at += 1) {
    const owner = boxes[at % boxes.length] ?? '';
    const second = at % sharedEvery === 0 ? (boxes[(at + 1) % boxes.length] ?? owner) : owner;
    const customer = (at * 7919) % companies;
    const client = { address: `person-${at % 5}@bulk-${customer}.example`, name: `Person ${at % 5}` };
    const [from, to] = at % 2 === 0 ? [client, { address: owner }] : [{ address: owner }, client];
    const mail = {
      messageId: `bulk-${at}@mail.example`,
      from,
      to: second === owner ? [to] : [to, { address: second }],
      subject: `Question ${at}`,
      body: 'Could you have a look at this?',
      at: now - span + Math.floor((span * at) / size.mails),
    };
    for (const box of new Set([owner, second])) google.addMail(box, mail, { recorded: false });
  }
}

/** Companies, their contacts, deals and tickets. Returns how many companies there are. */
function fillCrm(sandbox: Sandbox, records: number, now: number): number {
  const crm = sandbox.hubspot.handle;
  const companies = Math.max(1, Math.floor(records * 0.02));
  const ids: string[] = [];
  for (let at = 0; at < companies; at += 1) {
    const properties = {
      name: `Bulk Customer ${String(at).padStart(5, '0')}`,
      domain: `bulk-${at}.example`,
      lifecyclestage: 'customer',
      customer_since: isoDay(now - span),
      renewal_date: isoDay(now + 200 * day),
      onboarding_status: 'live',
    };
    ids.push(crm.upsert(portal, 'companies', { at: now - span, properties }).id);
  }
  for (let at = companies; at < records; at += 1) {
    const company = ids[(at * 31) % companies] ?? '';
    const when = now - span + Math.floor((span * at) / records);
    const associate = [['companies', company]] as const;
    const kind = at % 10;
    if (kind < 6) {
      const properties = {
        email: `contact-${at}@bulk-${(at * 31) % companies}.example`,
        firstname: 'Kim',
        lastname: `Number ${at}`,
      };
      crm.upsert(portal, 'contacts', { at: when, properties, associate });
    } else if (kind < 8) {
      const properties = {
        dealname: `Deal ${at}`,
        pipeline: '718042101',
        dealstage: `104000${1 + (at % 4)}`,
        amount: '1200',
      };
      crm.upsert(portal, 'deals', { at: when, properties, associate });
    } else {
      const properties = { subject: `Ticket ${at}`, hs_pipeline: '0', hs_pipeline_stage: at % 3 === 0 ? '1' : '4' };
      crm.upsert(portal, 'tickets', { at: when, properties, associate });
    }
  }
  return companies;
}

/** What the providers hold now, by their own lists. */
export function truthOf(sandbox: Sandbox, mailboxes: number): BulkTruth {
  const google = sandbox.google.handle;
  const boxes = Array.from({ length: mailboxes }, (_, at) => bulkMailbox(at));
  const distinct = new Set<string>();
  const messages = new Map<string, Set<string>>();
  for (const box of boxes) {
    const summaries = google.mail.sorted(box);
    messages.set(box, new Set(summaries.map(({ message }) => message.id)));
    for (const { messageId } of summaries) if (messageId !== undefined) distinct.add(messageId);
  }
  const { objects } = sandbox.hubspot.handle.book(portal).portal;
  const records = new Map(
    crmTypes.map((type) => [
      type,
      new Set(Object.values(objects[type]).flatMap((record) => (record.archivedAt === undefined ? [record.id] : []))),
    ]),
  );
  return { messages, distinctMails: distinct.size, records };
}
