import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { auditLog, eraseFromAudit, recordAudit, verifyAudit } from './audit.ts';

describe('the audit log', () => {
  let database: TestDatabase;
  let acme: string;
  beforeAll(async () => {
    database = await testDatabase();
    acme = (await database.newWorkspace()).workspaceId;
  });
  afterAll(() => database.close());
  const record = (n: number, actor = 'admin@example.com') =>
    database.inWorkspace(acme, (tx) =>
      recordAudit(tx, {
        at: n * 1000,
        actor,
        action: 'connector.install',
        subject: `i${n}`,
        detail: { z: n, a: { c: [1], b: 'é' } },
      }),
    );
  const verify = () => database.inWorkspace(acme, (tx) => verifyAudit(tx, 2));
  beforeEach(async () => {
    await database.asOwner('DELETE FROM audit_entry');
    for (const n of [1, 2, 3, 4, 5]) await record(n);
  });

  it('gives its entries newest first, in pages', async () => {
    const page = await database.inWorkspace(acme, (tx) => auditLog(tx, { beforeSeq: 5, limit: 2 }));
    expect(page).toMatchObject([
      { seq: 4, subject: 'i4', at: 4000 },
      { seq: 3, detail: { z: 3, a: { c: [1], b: 'é' } } },
    ]);
  });

  it('is whole, also after entries at the same time', async () => {
    await Promise.all([6, 7, 8, 9].map((n) => record(n)));
    expect(await verify()).toMatchObject({ ok: true, entries: 9 });
  });

  it.each([
    ['altered', 3, `UPDATE audit_entry SET detail = '{"z": 4}' WHERE seq = 3`],
    ['altered', 3, `UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 3`],
    ['altered', 3, `UPDATE audit_entry SET at = at + interval '1 second' WHERE seq = 3`],
    ['altered', 3, `UPDATE audit_entry SET action = 'connector.remove' WHERE seq = 3`],
    ['altered', 3, `UPDATE audit_entry SET salt = NULL, detail = '{}' WHERE seq = 3`],
    ['missing', 3, `DELETE FROM audit_entry WHERE seq = 3`],
    ['missing', 1, `DELETE FROM audit_entry WHERE seq = 1`],
    [
      'broken_chain',
      3,
      `UPDATE audit_entry a SET previous_digest = b.digest FROM audit_entry b WHERE a.seq = 3 AND b.seq = 1`,
    ],
  ] as const)('I12: shows what was %s', async (reason, seq, statement) => {
    await database.asOwner(statement);
    expect(await verify()).toEqual({ ok: false, seq, reason });
  });

  it('R27: stays whole when a person is erased, of whom nothing is left', async () => {
    await record(6, 'jane@example.com');
    const before = await verify();
    expect(await database.inWorkspace(acme, (tx) => eraseFromAudit(tx, 'jane@example.com', 0))).toBe(1);
    expect(await verify()).toEqual(before);
    expect(JSON.stringify(await database.asOwner('SELECT * FROM audit_entry'))).not.toContain('jane');
  });
});
