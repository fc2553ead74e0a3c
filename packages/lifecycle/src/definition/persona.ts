import type { PersonaDefinition } from '@waymark/journey';
import { fitsPattern } from '../course/pattern.ts';
import type { AccountContext } from '../course/state.ts';

type Contact = AccountContext['contacts'][number];

const plain = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').toLowerCase();

function fits({ titles, domains, crm }: PersonaDefinition, contact: Contact): boolean {
  if (!titles && !domains && !crm) return false;
  if (titles) {
    const title = contact.title === undefined ? '' : plain(contact.title);
    if (title === '' || !titles.some((pattern) => fitsPattern(title, plain(pattern)))) return false;
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

const asked = new WeakMap<readonly PersonaDefinition[], Map<string, string | undefined>>();
/** People of whom an answer is kept. */
const mostAsked = 10_000;

/** The part of somebody of whom events alone tell, by the address and what they say: as that of a contact, without a title. */
export function toldPersona(
  personas: readonly PersonaDefinition[] | undefined,
  address: string,
  said: string | undefined,
): string | undefined {
  if (!personas) return said;
  const known = asked.get(personas) ?? new Map<string, string | undefined>();
  asked.set(personas, known);
  const name = `${address} ${said ?? ''}`;
  if (known.has(name)) return known.get(name);
  const persona = personaOf(personas, { address, ...(said !== undefined && { persona: said }) });
  if (known.size >= mostAsked) known.clear();
  known.set(name, persona);
  return persona;
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
