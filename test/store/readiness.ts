import type { OwnerQuery } from '@waymark/store/testing';

/** One way in which the schema could not be distributed by workspace. */
export type Violation = { readonly rule: string; readonly object: string; readonly detail: string };

/** The tables that stay with the coordinator: known before a workspace is. */
const coordinatorTables = ['workspace', 'directory', 'schema_migration'];

/** Tables of the schema that belong to workspaces, with the number of their tenant column (null where it is missing). */
const tenant = `
  tenant AS (
    SELECT c.oid AS id, c.relname AS name, k.attnum AS key, k.attnotnull, k.atttypid, k.attgenerated, k.attidentity,
           c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relowner
      FROM pg_class c
      LEFT JOIN pg_attribute k ON k.attrelid = c.oid AND k.attname = 'workspace_id' AND NOT k.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1::text[]))`;
const foreignKey = `
  foreign_key AS (
    SELECT f.*, pg_get_constraintdef(f.oid) AS definition, f.conrelid::regclass::text AS source,
           f.conrelid IN (SELECT id FROM tenant) AS from_tenant, f.confrelid IN (SELECT id FROM tenant) AS to_tenant
      FROM pg_constraint f WHERE f.contype = 'f' AND f.conparentid = 0 AND f.connamespace = 'public'::regnamespace)`;

/**
 * The rules that a schema keeps to be sharded by workspace on Citus (https://docs.citusdata.com/en/stable/sharding/data_modeling.html),
 * each as a query over the catalog of a plain PostgreSQL that finds what breaks it: columns `object` and `detail`.
 */
const rules: Readonly<Record<string, string>> = {
  'R1 every tenant table has workspace_id uuid NOT NULL, never generated': `
    SELECT name AS object, CASE WHEN key IS NULL THEN 'missing' WHEN NOT attnotnull THEN 'nullable'
             WHEN atttypid <> 'uuid'::regtype THEN format_type(atttypid, -1) ELSE 'generated' END AS detail
      FROM tenant WHERE key IS NULL OR NOT attnotnull OR atttypid <> 'uuid'::regtype OR attgenerated <> '' OR attidentity <> ''`,
  'R2 the primary key starts with it': `
    SELECT name AS object, coalesce(pg_get_indexdef(i.indexrelid), 'no primary key') AS detail
      FROM tenant LEFT JOIN pg_index i ON i.indrelid = id AND i.indisprimary
     WHERE key IS NOT NULL AND i.indkey[0] IS DISTINCT FROM key`,
  'R3 every unique index has it': `
    SELECT name AS object, pg_get_indexdef(i.indexrelid) AS detail FROM tenant JOIN pg_index i ON i.indrelid = id
     WHERE i.indisunique AND key IS NOT NULL AND key <> ALL ((i.indkey::int2[])[0:i.indnkeyatts - 1])`,
  'R4 an exclusion constraint has it with =': `
    SELECT name AS object, pg_get_constraintdef(x.oid) AS detail FROM tenant JOIN pg_constraint x ON x.conrelid = id
     WHERE x.contype = 'x' AND NOT EXISTS (
       SELECT 1 FROM unnest(x.conkey, x.conexclop) AS pair(col, op) JOIN pg_operator o ON o.oid = pair.op
        WHERE pair.col = key AND o.oprname = '=')`,
  'R5 a foreign key stays within the workspace': `
    SELECT source AS object, definition AS detail FROM foreign_key
     WHERE from_tenant <> to_tenant OR from_tenant AND NOT EXISTS (
       SELECT 1 FROM unnest(conkey, confkey) AS pair(here, there)
         JOIN tenant a ON a.id = conrelid AND a.key = pair.here JOIN tenant b ON b.id = confrelid AND b.key = pair.there)`,
  'R6 no SET NULL, SET DEFAULT or ON UPDATE CASCADE': `
    SELECT source AS object, definition AS detail FROM foreign_key
     WHERE from_tenant AND (confdeltype IN ('n', 'd') OR confupdtype IN ('c', 'n', 'd'))`,
  'R7 nothing deferrable': `
    SELECT name AS object, conname AS detail FROM tenant JOIN pg_constraint ON conrelid = id WHERE condeferrable AND contype IN ('f', 'u', 'p', 'x')`,
  'R8 no triggers, no rules': `
    SELECT name AS object, tgname::text AS detail FROM tenant JOIN pg_trigger ON tgrelid = id WHERE NOT tgisinternal
    UNION ALL SELECT name, rulename FROM tenant JOIN pg_rewrite ON ev_class = id`,
  'R9 no inheritance': `
    SELECT name AS object, inhrelid::regclass::text AS detail FROM tenant JOIN pg_inherits ON inhparent = id WHERE relkind = 'r'`,
  'R10 no serial or identity': `
    SELECT name AS object, a.attname::text AS detail FROM tenant JOIN pg_attribute a ON a.attrelid = id AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = id AND d.adnum = a.attnum
     WHERE a.attidentity <> '' OR a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'`,
  'R11 row level security with the one policy that works on shards': `
    SELECT name AS object, CASE WHEN relrowsecurity THEN coalesce(pg_get_expr(p.polqual, id), 'no policy') ELSE 'not enabled' END AS detail
      FROM tenant LEFT JOIN pg_policy p ON p.polrelid = id
     WHERE NOT relrowsecurity OR p.oid IS NULL OR p.polcmd <> '*' OR NOT p.polpermissive
        OR pg_get_expr(p.polqual, id) NOT LIKE '((workspace_id)::text = current_setting(''app.workspace''%, true))'
        OR pg_get_expr(p.polwithcheck, id) IS DISTINCT FROM pg_get_expr(p.polqual, id)`,
  'R12 logged tables': `SELECT name AS object, relpersistence::text AS detail FROM tenant WHERE relpersistence <> 'p'`,
  'R13 never partitioned by the tenant': `
    SELECT name AS object, pg_get_partkeydef(id) AS detail FROM tenant JOIN pg_partitioned_table ON partrelid = id WHERE key = ANY (partattrs::int2[])`,
  'R14 the application owns nothing, and row level security is not forced': `
    SELECT name AS object, CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'owned by waymark_app' END AS detail
      FROM tenant WHERE relforcerowsecurity OR relowner = 'waymark_app'::regrole`,
  'R15 constraint names of at most 54 bytes': `
    SELECT name AS object, conname::text AS detail FROM tenant JOIN pg_constraint ON conrelid = id WHERE octet_length(conname) > 54`,
  'S4 no default that the shards would evaluate': `
    SELECT name AS object, a.attname || ' ' || pg_get_expr(d.adbin, id) AS detail FROM tenant JOIN pg_attrdef d ON d.adrelid = id
      JOIN pg_attribute a ON a.attrelid = id AND a.attnum = d.adnum
     WHERE a.attgenerated = '' AND pg_get_expr(d.adbin, id) ~* '(now|timestamp|random|uuid|current_date|current_time|localtime)'
       AND pg_get_expr(d.adbin, id) !~ '^''[^'']*''::'`,
};

/** Everything in the schema that could not be distributed; empty for one that can. */
export async function distributionViolations(query: OwnerQuery): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const [rule, search] of Object.entries(rules)) {
    const rows = await query<{ object: string; detail: string }>(`WITH ${tenant}, ${foreignKey} ${search}`, [
      coordinatorTables,
    ]);
    for (const row of rows) found.push({ rule: rule.split(' ')[0] ?? '', object: row.object, detail: row.detail });
  }
  return found;
}
