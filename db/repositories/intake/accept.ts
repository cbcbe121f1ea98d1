import { routeOf } from '#domain/intake/integration.ts';
import type { Sender } from '#domain/intake/integration.ts';
import type { Accepted, SourceReport } from '#domain/intake/report.ts';
import type { Transaction } from '../../client.ts';
import { acceptResolve, acceptTrigger } from '../alerts.ts';

/** Accepts what one sender reports, in order; all of it or nothing. One answer a report. */
export async function acceptReports(
  tx: Transaction,
  sender: Sender,
  reports: readonly SourceReport[],
): Promise<Accepted[]> {
  const accepted: Accepted[] = [];
  for (const report of reports) accepted.push(await acceptReport(tx, sender, report));
  return accepted;
}

async function acceptReport(tx: Transaction, sender: Sender, report: SourceReport): Promise<Accepted> {
  const { dedupKey } = report;
  const to = routeOf(sender.document.routes, sender.serviceId, report.labels);
  const source = { serviceId: to.serviceId, dedupKey, reportedBy: sender.principalId };
  if (report.action === 'trigger') {
    const { title, details } = report;
    const more = details === null ? {} : { details };
    const alert = { ...source, severity: to.severity ?? report.severity, title, ...more };
    return { ...(await acceptTrigger(tx, alert)), dedupKey };
  }
  if (report.action === 'acknowledge') return { disposition: 'dropped', escalationId: null, dedupKey };
  const escalationId = await acceptResolve(tx, source);
  return { disposition: escalationId === null ? 'dropped' : 'resolved', escalationId, dedupKey };
}
