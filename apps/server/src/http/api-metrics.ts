import { Hono } from 'hono';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { findWorkspace, queueLengths } from '@waymark/store';
import { workspaceReport } from '../report.ts';
import type { Waymark } from '../waymark.ts';
import { requireToken, type Access } from './access.ts';

/** Prometheus metrics of the token's workspace and of this process. No label holds a name, an address or a subject (I7). */
export function metricsRoutes(waymark: Waymark): Hono<Access> {
  const routes = new Hono<Access>();
  const process = new Registry();
  collectDefaultMetrics({ register: process, prefix: 'waymark_' });
  routes.get('/metrics', requireToken(waymark), async (c) => {
    const workspaceId = c.get('workspaceId');
    const workspace = await waymark.database.global((tx) => findWorkspace(tx, workspaceId));
    if (!workspace) return c.json({ error: { code: 'NOT_FOUND', message: 'The workspace is gone.' } }, 404);
    const { report, queues } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
      report: await workspaceReport(tx, workspace, waymark.now()),
      queues: await queueLengths(tx),
    }));
    const own = new Registry();
    own.setDefaultLabels({ workspace: workspace.slug });
    const gauge = <Label extends string>(name: string, help: string, labels: readonly Label[] = []): Gauge<Label> =>
      new Gauge({ name: `waymark_${name}`, help, labelNames: labels, registers: [own] });

    const up = gauge('installation_up', '1 where the installation runs, 0 where it needs a person.', [
      'connector',
      'installation',
    ]);
    const fresh = gauge('stream_freshness_seconds', 'Seconds since the last complete read.', [
      'connector',
      'installation',
      'stream',
    ]);
    const fault = gauge('stream_fault', '1 while the stream has a fault.', [
      'connector',
      'installation',
      'stream',
      'kind',
    ]);
    const records = gauge('stream_records', 'Records by how they ended.', [
      'connector',
      'installation',
      'stream',
      'outcome',
    ]);
    for (const one of report.installations) {
      const labels = { connector: one.connector, installation: one.id };
      up.set(labels, one.status === 'active' ? 1 : 0);
      for (const stream of one.streams) {
        const at = { ...labels, stream: stream.stream };
        if (stream.freshnessSeconds !== null) fresh.set(at, stream.freshnessSeconds);
        if (stream.fault) fault.set({ ...at, kind: stream.fault.kind }, 1);
        records.set({ ...at, outcome: 'stored' }, stream.stored);
        records.set({ ...at, outcome: 'ignored' }, stream.ignored);
        records.set({ ...at, outcome: 'rejected' }, stream.rejected);
      }
    }
    const accounts = gauge('accounts', 'Accounts by stage.', ['stage']);
    for (const [stage, number] of Object.entries(report.stages)) accounts.set({ stage }, number);
    gauge('customers', 'Accounts that are customers.').set(report.customers);
    const events = gauge('events', 'Events in the log by type.', ['type']);
    for (const [type, number] of Object.entries(report.events.byType)) events.set({ type }, number);
    gauge('events_unmatched', 'Events without an account.').set(report.unmatched.events);
    const open = gauge('open_flags', 'Open flags by rule.', ['rule', 'severity']);
    for (const flag of report.flags) open.inc({ rule: flag.rule, severity: flag.severity });
    const alerts = gauge('alerts', 'Alerts by how they stand.', ['state']);
    alerts.set({ state: 'posted' }, report.alerts.posted);
    alerts.set({ state: 'uncertain' }, report.alerts.uncertain);
    alerts.set({ state: 'held_back' }, report.alerts.heldBack);
    alerts.set({ state: 'pending' }, report.alerts.pending);
    const written = gauge('writeback_values', 'Values of write-back by how they stand.', ['state']);
    for (const [state, number] of Object.entries(report.writeback)) written.set({ state }, number);
    const waiting = gauge('queue_length', 'Work that waits.', ['queue']);
    for (const [queue, number] of Object.entries(queues)) waiting.set({ queue }, number);

    c.header('cache-control', 'no-store');
    return c.body(`${await own.metrics()}\n${await process.metrics()}`, 200, {
      'content-type': Registry.PROMETHEUS_CONTENT_TYPE,
    });
  });
  return routes;
}
