import type { StageWriter } from '@waymark/connector-kit';
import type { Database } from '@waymark/store';

/** A CRM that is open for writing: the connector's writer with a client of one installation. */
export interface OpenWriter {
  readonly writer: StageWriter<unknown>;
  readonly client: unknown;
}

/** Named instants between two steps that have to be safe together; a fault test stops the process there. */
export type WritebackPoint = (name: 'write-claimed' | 'write-sent' | 'write-cleared') => Promise<void>;

/** What write-back needs of the process that runs it. */
export interface WritebackDependencies {
  readonly database: Database;
  /** Opens an installation for writing. Throws ConnectorFault where its grant is dead or lacks the scopes. */
  readonly openWriter: (workspaceId: string, installationId: string) => Promise<OpenWriter>;
  /** The stages of a journey in their order: the options of a property that we create. */
  readonly stages: (
    workspaceId: string,
    journey: string,
  ) => Promise<readonly { readonly id: string; readonly title: string }[]>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly point: WritebackPoint;
  /** This process, for leases. */
  readonly holder: string;
  /** Ends an application between two batches; what is left is gone on with later. */
  readonly signal?: AbortSignal;
}
