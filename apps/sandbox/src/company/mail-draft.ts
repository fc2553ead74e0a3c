import type { BusinessCalendar } from './business-calendar.ts';
import type { Random } from './random.ts';
import { isWatched } from './vendor.ts';
import type { WorldMail } from './world.ts';

export interface Party {
  readonly name: string;
  readonly address: string;
}

/** What is still to be decided about a mail when it is written; the rest follows from it. */
export type MailDraft = Omit<WorldMail, 'messageId' | 'mailboxes' | 'loggedInCrm' | 'references' | 'inReplyTo'> & {
  /** The mail that this one answers. */
  readonly answers?: WorldMail;
  readonly loggedInCrm?: boolean;
  /** Own mailboxes beyond those addressed, as for a bounce or a blind copy. */
  readonly alsoIn?: readonly string[];
};

/** Collects the mails of one account or one kind; Message-IDs are unique within a label. */
export interface MailBag {
  readonly mails: readonly WorldMail[];
  readonly random: Random;
  readonly calendar: BusinessCalendar;
  readonly add: (draft: MailDraft) => WorldMail;
}

const MAX_REFERENCES = 10;

/** References of an answer, RFC 5322 3.6.4: those of the mail answered and its own id; long chains keep the first and the last. */
function chain(answered: WorldMail): readonly string[] {
  const all = [...(answered.references ?? []), answered.messageId];
  return all.length <= MAX_REFERENCES ? all : [...all.slice(0, 1), ...all.slice(1 - MAX_REFERENCES)];
}

/** An empty bag whose ids start with a label. */
export function createMailBag(label: string, random: Random, calendar: BusinessCalendar): MailBag {
  const mails: WorldMail[] = [];
  return {
    mails,
    random,
    calendar,
    add: (draft) => {
      const { answers, alsoIn = [], loggedInCrm = false, ...rest } = draft;
      const holders = [rest.from, ...rest.to, ...(rest.cc ?? [])].map((party) => party.address);
      const unique = Math.floor(random.next() * 0xffffffff).toString(36);
      const mail: WorldMail = {
        messageId: `${label}.${(mails.length + 1).toString(36)}.${unique}@mail.${rest.from.address.split('@')[1] ?? 'example'}`,
        ...rest,
        ...(answers ? { inReplyTo: answers.messageId, references: chain(answers) } : {}),
        mailboxes: [...new Set([...holders, ...alsoIn])].filter(isWatched),
        loggedInCrm,
      };
      mails.push(mail);
      return mail;
    },
  };
}
