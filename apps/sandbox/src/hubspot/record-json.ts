import { invalid } from './errors.ts';
import { OBJECT_FACTS, parseObjectType, type ObjectType } from './object-type.ts';
import type { PortalBook } from './portal-book.ts';
import type { CrmRecord, PropertyVersion } from './state.ts';

/** Associations of one record that one answer holds; the rest is behind `paging` (D6). */
export const ASSOCIATIONS_PER_PAGE = 100;

export interface RecordView {
  readonly properties?: readonly string[] | undefined;
  readonly withHistory?: readonly string[] | undefined;
  readonly associations?: readonly ObjectType[] | undefined;
}

/** `associations=contacts,deals` as types; unknown ones are refused. */
export function parseAssociations(names: readonly string[]): ObjectType[] {
  return names.map((name) => {
    const type = parseObjectType(name);
    if (type === undefined) throw invalid(`Unable to infer object type from: ${name}`);
    return type;
  });
}

/** A record as HubSpot answers it. Unknown properties are left out, known ones without a value are null. */
export function recordJson(
  book: PortalBook,
  type: ObjectType,
  record: CrmRecord,
  view: RecordView,
  baseUrl: string,
): Record<string, unknown> {
  const facts = OBJECT_FACTS[type];
  const names = new Set([...(view.properties ?? facts.defaults), facts.created, facts.modified, 'hs_object_id']);
  const properties: Record<string, string | null> = {};
  for (const name of names) {
    if (book.definition(type, name) !== undefined) properties[name] = book.value(type, record, name);
  }
  const json: Record<string, unknown> = { id: record.id, properties };
  if (view.withHistory !== undefined && view.withHistory.length > 0) {
    const withHistory: Record<string, unknown> = {};
    for (const name of view.withHistory) {
      if (book.definition(type, name) === undefined) continue;
      properties[name] = book.value(type, record, name);
      withHistory[name] = book.history(type, record, name).map(versionJson);
    }
    json['propertiesWithHistory'] = withHistory;
  }
  json['createdAt'] = new Date(record.createdAt).toISOString();
  json['updatedAt'] = new Date(record.updatedAt).toISOString();
  json['archived'] = record.archivedAt !== undefined;
  if (record.archivedAt !== undefined) json['archivedAt'] = new Date(record.archivedAt).toISOString();
  if (view.associations !== undefined && view.associations.length > 0) {
    const associations: Record<string, unknown> = {};
    for (const other of view.associations) {
      const found = associationsJson(book, type, record, other, baseUrl);
      if (found !== undefined) associations[other] = found;
    }
    if (Object.keys(associations).length > 0) json['associations'] = associations;
  }
  return json;
}

function versionJson(version: PropertyVersion): Record<string, unknown> {
  return {
    value: version.value,
    timestamp: new Date(version.timestamp).toISOString(),
    sourceType: version.sourceType,
    ...(version.sourceId === undefined ? {} : { sourceId: version.sourceId }),
    ...(version.userId === undefined ? {} : { updatedByUserId: version.userId }),
  };
}

function associationsJson(
  book: PortalBook,
  type: ObjectType,
  record: CrmRecord,
  other: ObjectType,
  baseUrl: string,
): unknown {
  const ids = book.associated(type, record.id, other);
  if (ids.length === 0) return undefined;
  const label = `${OBJECT_FACTS[type].singular}_to_${OBJECT_FACTS[other].singular}`;
  const primary = book.primaryCompany(type, record.id);
  const page = ids.slice(0, ASSOCIATIONS_PER_PAGE);
  const results = page.flatMap((id) =>
    // The vendor names a primary company twice: once labeled, once not.
    other === 'companies' && id === primary
      ? [
          { id, type: label },
          { id, type: `${label}_unlabeled` },
        ]
      : [{ id, type: label }],
  );
  const last = page.at(-1);
  const more = ids.length > page.length && last !== undefined;
  return {
    results,
    ...(more
      ? {
          paging: {
            next: {
              after: last,
              link: `${baseUrl}/crm/objects/2026-09/${type}/${record.id}/associations/${other}?after=${last}`,
            },
          },
        }
      : {}),
  };
}
