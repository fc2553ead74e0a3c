/** SQL for the source of a sighting: what the import's line named, else the connector's id. The key of an import is `source|id`. */
export const sourceName = `CASE WHEN connector = 'import'
  THEN replace(replace(split_part(external_id, '|', 1), '%7C', '|'), '%25', '%') ELSE connector END`;
