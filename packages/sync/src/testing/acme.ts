import type { EntityFact } from '@waymark/journey';
import { company, mail, type ScriptedRecord } from './scripted-source.ts';
import { day, start } from './sync-rig.ts';

/** Acme as a CRM has it, a customer for three hundred days, in one form or another. */
export const acmeCustomer = (
  version = '1',
  more: Partial<Extract<EntityFact, { kind: 'account' }>> = {},
): ScriptedRecord => ({
  id: 'c1',
  version,
  entities: [company('c1', ['acme.example'], { customerSince: start - 300 * day, ...more })],
});

/** A mail of Ann at Acme to the CSM, in one form or another; one of our own goes to her. */
export const acmeMail = (id: string, at: number, version = '1', from = 'ann@acme.example'): ScriptedRecord => ({
  id,
  version,
  events: [mail(id, at, from, from.endsWith('@vendor.example') ? 'ann@acme.example' : 'csm@vendor.example')],
});
