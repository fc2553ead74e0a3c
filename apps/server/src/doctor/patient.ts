import type { Finding } from '@waymark/connector-kit';
import type { CompiledJourney } from '@waymark/lifecycle';
import {
  accounts,
  findWorkspace,
  gaps,
  installations,
  members,
  readSettings,
  setAsideTotals,
  streamStates,
  writebackMappings,
  type Account,
  type Gap,
  type Installation,
  type Member,
  type StreamState,
  type Tx,
  type Workspace,
  type WorkspaceSettings,
  type WritebackMapping,
} from '@waymark/store';
import { activeJourneys } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';

/** A workspace as the doctor looks at it: read once, in one transaction. Times are epoch milliseconds. */
export interface Patient {
  readonly waymark: Waymark;
  readonly workspace: Workspace;
  readonly settings: WorkspaceSettings;
  readonly installations: readonly Installation[];
  readonly streams: readonly StreamState[];
  readonly gaps: readonly Gap[];
  readonly setAside: Awaited<ReturnType<typeof setAsideTotals>>;
  readonly accounts: readonly Account[];
  readonly members: readonly Member[];
  readonly mappings: readonly WritebackMapping[];
  readonly journeys: readonly CompiledJourney[];
  readonly now: number;
}

/** One look at one thing. It may read rows and ask providers; it changes nothing. */
export type Check = (patient: Patient) => Promise<readonly Finding[]> | readonly Finding[];

/** Reads a workspace for the doctor; undefined where there is none of this id. */
export async function readPatient(waymark: Waymark, workspaceId: string): Promise<Patient | undefined> {
  const workspace = await waymark.database.global((tx) => findWorkspace(tx, workspaceId));
  if (!workspace) return undefined;
  return waymark.database.inWorkspace(workspaceId, async (tx: Tx) => ({
    waymark,
    workspace,
    settings: await readSettings(tx),
    installations: await installations(tx),
    streams: await streamStates(tx),
    gaps: await gaps(tx, { unhealedOnly: true }),
    setAside: await setAsideTotals(tx),
    accounts: await accounts(tx),
    members: await members(tx),
    mappings: await writebackMappings(tx),
    journeys: await activeJourneys(tx),
    now: waymark.now(),
  }));
}

/** An installation as a person knows it: `gmail maya@example.com`. */
export const nameOf = (one: Pick<Installation, 'connector' | 'label'>): string => `${one.connector} ${one.label}`;

/** The command that connects an installation again. */
export function reconnect(patient: Patient, one: Pick<Installation, 'connector'>): string {
  return `waymark install ${one.connector} --workspace ${patient.workspace.slug}`;
}

/** A few names and how many more there are. */
export function some(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
