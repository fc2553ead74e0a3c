import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import type { CrmObject, StageSnapshot } from './record.ts';

const pagingNext = z.looseObject({ next: z.looseObject({ after: z.coerce.string() }).optional() }).optional();

const owner = z.looseObject({
  id: z.string().min(1),
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});
export type Owner = z.infer<typeof owner>;

const ownersPage = z.looseObject({ results: z.array(owner), paging: pagingNext });

const pipelinesAnswer = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      label: z.string(),
      stages: z.array(
        z.looseObject({
          id: z.string(),
          label: z.string(),
          metadata: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});
export type Pipelines = z.infer<typeof pipelinesAnswer>['results'];

/** What an account holds beside its objects, each part read once a connection. */
export class Directory {
  readonly owners: () => Promise<ReadonlyMap<string, Owner>>;
  readonly #dealPipelines: () => Promise<Pipelines>;
  readonly #ticketPipelines: () => Promise<Pipelines>;

  constructor(client: HubSpotClient) {
    this.owners = once(async () => new Map((await readOwners(client)).map((each) => [each.id, each])));
    this.#dealPipelines = once(() => readPipelines(client, 'deals'));
    this.#ticketPipelines = once(() => readPipelines(client, 'tickets'));
  }

  pipelines(type: 'deals' | 'tickets'): Promise<Pipelines> {
    return type === 'deals' ? this.#dealPipelines() : this.#ticketPipelines();
  }

  /** The stages that a record has been in, by `pipeline/stage`; a stage that was deleted since is missing. */
  async stagesOf(type: 'deals' | 'tickets', record: CrmObject): Promise<Record<string, StageSnapshot>> {
    const names = stageProperties[type];
    const pipelines = new Set([record.properties[names.pipeline], ...past(record, names.pipeline)]);
    const stages = new Set([record.properties[names.stage], ...past(record, names.stage)]);
    const found: Record<string, StageSnapshot> = {};
    for (const pipeline of await this.pipelines(type)) {
      if (!pipelines.has(pipeline.id)) continue;
      for (const stage of pipeline.stages) {
        if (stages.has(stage.id)) found[`${pipeline.id}/${stage.id}`] = snapshot(pipeline.label, stage);
      }
    }
    return found;
  }
}

export const stageProperties = {
  deals: { pipeline: 'pipeline', stage: 'dealstage' },
  tickets: { pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage' },
} as const;

function past(record: CrmObject, property: string): (string | null | undefined)[] {
  return (record.propertiesWithHistory[property] ?? []).map((entry) => entry.value);
}

/**
 * A stage's id alone tells nothing: accounts name and order stages as they like. Tickets say OPEN or CLOSED, deals a probability
 * and, newer ones, whether they are closed. https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide
 */
function snapshot(pipelineLabel: string, stage: Pipelines[number]['stages'][number]): StageSnapshot {
  const { probability, isClosed, ticketState } = stage.metadata;
  const chance = probability === undefined || probability === null ? undefined : Number(probability);
  const known = chance !== undefined && Number.isFinite(chance);
  const closedByState = ticketState === undefined ? known && (chance === 0 || chance === 1) : ticketState === 'CLOSED';
  return {
    pipelineLabel,
    label: stage.label,
    ...(known ? { probability: chance } : {}),
    closed: ticketState === undefined && isClosed !== undefined ? String(isClosed) === 'true' : closedByState,
  };
}

async function readPipelines(client: HubSpotClient, type: 'deals' | 'tickets'): Promise<Pipelines> {
  const answer = await client.json({
    bucket: 'portal',
    method: 'GET',
    path: paths.pipelines(type),
    idempotent: true,
    doc: docs.pipelines,
    answer: pipelinesAnswer,
  });
  return answer.results;
}

async function readOwners(client: HubSpotClient): Promise<Owner[]> {
  const owners: Owner[] = [];
  for (const archived of [false, true]) {
    let after: string | undefined;
    do {
      const page = await readOwnersPage(client, archived, after);
      owners.push(...page.owners);
      after = page.next;
    } while (after !== undefined);
  }
  return owners;
}

/** One page of the account's users. People who left are only in the archived list, and still own records of the past. */
export async function readOwnersPage(
  client: HubSpotClient,
  archived: boolean,
  after: string | undefined,
): Promise<{ readonly owners: readonly Owner[]; readonly next: string | undefined }> {
  const page = await client.json({
    bucket: 'portal',
    method: 'GET',
    path: paths.owners,
    query: { limit: '100', archived: String(archived), after },
    idempotent: true,
    doc: docs.owners,
    answer: ownersPage,
  });
  return { owners: page.results, next: page.paging?.next?.after };
}

/** Runs a load once and keeps its promise; a failed load is tried again by the next caller. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
