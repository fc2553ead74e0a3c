import type { PersonaDefinition } from '@waymark/journey';
import type { AccountContext } from '../course/state.ts';

type Contact = AccountContext['contacts'][number];

const plain = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').toLowerCase();

/** Whether a text is as a pattern says: `*` stands for any letters, or none. Takes time in proportion to the text. */
function fitsPattern(text: string, pattern: string): boolean {
  const [start = '', ...rest] = plain(pattern).split('*');
  const end = rest.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}

function fits({ titles, domains, crm }: PersonaDefinition, contact: Contact): boolean {
  if (!titles && !domains && !crm) return false;
  if (titles) {
    const title = contact.title === undefined ? '' : plain(contact.title);
    if (title === '' || !titles.some((pattern) => fitsPattern(title, pattern))) return false;
  }
  if (domains) {
    const domain = contact.address.toLowerCase().split('@')[1] ?? '';
    if (!domains.some((one) => domain === one.toLowerCase() || domain.endsWith(`.${one.toLowerCase()}`))) return false;
  }
  const said = contact.persona === undefined ? undefined : plain(contact.persona);
  return !crm || (said !== undefined && crm.some((one) => plain(one) === said));
}

/** The part that a contact plays: by the first rule of the definition that fits, else as the CRM says it. */
function personaOf(personas: readonly PersonaDefinition[], contact: Contact): string | undefined {
  return personas.find((one) => fits(one, contact))?.id ?? contact.persona;
}

/** A context in which each contact has the persona that the definition gives it; the same where the definition gives none. */
export function withPersonas(
  personas: readonly PersonaDefinition[] | undefined,
  context: AccountContext,
): AccountContext {
  if (!personas) return context;
  const contacts = context.contacts.map((contact) => {
    const persona = personaOf(personas, contact);
    return persona === contact.persona || persona === undefined ? contact : { ...contact, persona };
  });
  return { ...context, contacts };
}
