import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { HubSpotAnswerError } from './http-error.ts';
import { batchError, chunks, refusePartialFailure, type ObjectType } from './object-reader.ts';

const INPUTS = 100;
/** HubSpot's types of "primary company", from contact, deal and ticket. https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide */
const PRIMARY = new Set([1, 5, 26]);

const answer = z.looseObject({
  results: z.array(
    z.looseObject({
      from: z.looseObject({ id: z.coerce.string() }),
      to: z.array(
        z.looseObject({
          toObjectId: z.coerce.string(),
          associationTypes: z
            .array(z.looseObject({ category: z.string().optional(), typeId: z.number().optional() }))
            .default([]),
        }),
      ),
      paging: z.looseObject({ next: z.looseObject({ after: z.coerce.string() }).optional() }).optional(),
    }),
  ),
  errors: z.array(batchError).default([]),
});

interface Input {
  readonly id: string;
  readonly after?: string;
}

/**
 * Ids of associated records by record, the primary company first, then in the order of ids. Each record's list is paged on its
 * own, and a batch is read until each id asked for has an answer (failure D6). A failed read throws: it never looks like a
 * record without associations (failure N1).
 */
export async function readAssociations(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, Map<string, boolean>>(ids.map((id) => [id, new Map()]));
  for (const chunk of chunks<Input>(
    [...found.keys()].map((id) => ({ id })),
    INPUTS,
  )) {
    let inputs = chunk;
    while (inputs.length > 0) inputs = await readBatch(client, from, to, inputs, found);
  }
  return new Map([...found].map(([id, targets]) => [id, ordered(targets)]));
}

/** Reads one batch into `found` and returns what is left to ask: further pages, and what was passed over. */
async function readBatch(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  inputs: readonly Input[],
  found: Map<string, Map<string, boolean>>,
): Promise<Input[]> {
  const batch = await client.json({
    bucket: 'portal',
    method: 'POST',
    path: paths.associations(from, to),
    body: { inputs },
    idempotent: true,
    doc: docs.associations,
    answer,
    check: ({ results, errors }) => {
      refusePartialFailure(errors, `associations of ${from}`);
      refuseStandstill(results, inputs);
    },
  });
  const left: Input[] = [];
  const answered = new Set<string>();
  for (const result of batch.results) {
    answered.add(result.from.id);
    const targets = found.get(result.from.id);
    for (const target of result.to) {
      const primary = target.associationTypes.some(
        (type) => type.category !== 'USER_DEFINED' && type.typeId !== undefined && PRIMARY.has(type.typeId),
      );
      targets?.set(target.toObjectId, primary || targets.get(target.toObjectId) === true);
    }
    const after = result.paging?.next?.after;
    if (after !== undefined) left.push({ id: result.from.id, after });
  }
  for (const error of batch.errors) {
    const ids = error.context?.['fromObjectId'];
    if (Array.isArray(ids)) for (const id of ids) answered.add(String(id));
  }
  // Without any progress a silent answer stands: HubSpot vouches with its 200 that there is nothing more.
  const passedOver = inputs.filter((input) => !answered.has(input.id));
  if (passedOver.length < inputs.length) left.push(...passedOver);
  return left;
}

/** A page that leads to itself would be read for ever. */
function refuseStandstill(results: z.infer<typeof answer>['results'], inputs: readonly Input[]): void {
  const asked = new Map(inputs.map((input) => [input.id, input.after]));
  const stuck = results.some(({ from, paging }) => {
    const after = paging?.next?.after;
    return after !== undefined && after === asked.get(from.id);
  });
  if (stuck) throw new HubSpotAnswerError('HubSpot gave the same page of associations twice');
}

function ordered(targets: ReadonlyMap<string, boolean>): string[] {
  const byId = [...targets].toSorted(([a], [b]) => Number(a) - Number(b) || a.localeCompare(b));
  return [...byId.filter(([, primary]) => primary), ...byId.filter(([, primary]) => !primary)].map(([id]) => id);
}
