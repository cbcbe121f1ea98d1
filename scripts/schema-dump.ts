import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** The checked-in picture of the migrated schema: what a reviewer of a migration reads. */
export const schemaFile = fileURLToPath(new URL('../db/schema.sql', import.meta.url));

/** Describes the public schema of a database as text: tables, constraints, indexes, functions and rights, in a fixed order. */
export async function dumpSchema(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const parts = [];
    for (const [title, query] of Object.entries(queries)) {
      const { rows } = await client.query<{ line: string }>(query);
      parts.push(`-- ${title}\n${rows.map((row) => row.line).join('\n')}\n`);
    }
    return `-- Generated from the migrations by \`npm run db:schema\`.\n\n${parts.join('\n')}`;
  } finally {
    await client.end();
  }
}

const relations = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'`;
/** Day partitions come and go with the data; their parent describes them. */
const noPartitions = 'NOT c.relispartition';

const queries = {
  tables: `
    SELECT format(E'CREATE TABLE %s (\\n%s\\n);', c.relname, string_agg(format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')), E',\\n' ORDER BY a.attnum)) AS line
    FROM ${relations} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p') AND ${noPartitions} GROUP BY c.relname ORDER BY c.relname`,
  constraints: `
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %s %s;', c.relname, k.conname, pg_get_constraintdef(k.oid)) AS line
    FROM ${relations} JOIN pg_constraint k ON k.conrelid = c.oid
    WHERE ${noPartitions} AND k.contype <> 'n' ORDER BY c.relname, k.conname`,
  indexes: `
    SELECT pg_get_indexdef(i.indexrelid) || ';' AS line FROM ${relations} JOIN pg_index i ON i.indrelid = c.oid
    WHERE ${noPartitions} AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    ORDER BY 1`,
  functions: `
    SELECT pg_get_functiondef(p.oid) || ';' AS line FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public' ORDER BY p.proname`,
  rights: `
    SELECT format('GRANT %s ON %s TO %s;', string_agg(DISTINCT g.privilege_type, ', ' ORDER BY g.privilege_type), g.table_name, g.grantee) AS line
    FROM information_schema.role_table_grants g JOIN ${relations} ON c.relname = g.table_name
    WHERE g.table_schema = 'public' AND g.grantee IN ('vigil_app', 'vigil_detector') AND ${noPartitions}
    GROUP BY g.table_name, g.grantee ORDER BY g.table_name, g.grantee`,
};

/** Fails with what to do when the checked-in dump is not what the migrations make. */
export function assertSchemaUnchanged(dump: string): void {
  if (readFileSync(schemaFile, 'utf8') !== dump) {
    throw new Error('db/schema.sql is not what the migrations make: run `npm run db:schema` and commit it.');
  }
}

export const writeSchema = (dump: string): void => writeFileSync(schemaFile, dump);
