import { routeOf, servicesOf } from '#domain/intake/integration.ts';
import type { Sender } from '#domain/intake/integration.ts';
import type { Accepted, SourceReport } from '#domain/intake/report.ts';
import { ruleFor } from '#domain/intake/suppression.ts';
import type { LiveRule } from '#domain/intake/suppression.ts';
import type { Transaction } from '../../client.ts';
import { acceptItems } from './items.ts';
import { findOpenOf, nameOf } from './open-escalations.ts';
import type { IntakeKey, OpenElsewhere } from './open-escalations.ts';
import type { OwnItem } from './own-item.ts';

/** What one sender reports at once: all of it is stored, or nothing. */
export interface IntakeRequest {
  readonly sender: Sender;
  readonly reports: readonly SourceReport[];
}

/** Accepts what one sender reports, in order; all of it or nothing. One answer a report. */
export async function acceptReports(
  tx: Transaction,
  sender: Sender,
  reports: readonly SourceReport[],
  rules: readonly LiveRule[],
): Promise<Accepted[]> {
  const [accepted = []] = await acceptRequests(tx, [{ sender, reports }], rules);
  return accepted;
}

/** The same for many at once, in one transaction: for each request its answers. Fails as a whole. */
export async function acceptRequests(
  tx: Transaction,
  requests: readonly IntakeRequest[],
  rules: readonly LiveRule[],
): Promise<Accepted[][]> {
  const open = withBegun(await findOpenOf(tx, requests.flatMap(routedKeys)));
  const items: OwnItem[] = [];
  const places = requests.map(({ sender, reports }) =>
    reports.map((report) => {
      const its = itemsOf(sender, report, open, rules);
      items.push(...its);
      open.note(sender, its);
      return { from: items.length - its.length, to: items.length, dedupKey: report.dedupKey };
    }),
  );
  const answers = await acceptItems(tx, items);
  return places.map((ofRequest) =>
    ofRequest.map(({ from, to, dedupKey }) => {
      const its = answers.slice(from, to);
      const { disposition, escalationId } = its.find((one) => one.escalationId !== null) ??
        its[0] ?? { disposition: 'dropped', escalationId: null };
      return { disposition, escalationId, dedupKey };
    }),
  );
}

interface OpenSoFar extends OpenElsewhere {
  note(sender: Sender, items: readonly OwnItem[]): void;
}

/** Also what is begun by reports of the same transaction: nothing of it was there to be found. */
function withBegun(found: OpenElsewhere): OpenSoFar {
  const begun = new Map<string, Set<string>>();
  return {
    servicesOf(via, dedupKey) {
      const more = begun.get(nameOf({ serviceId: via, dedupKey }));
      return more === undefined ? found.servicesOf(via, dedupKey) : [...more];
    },
    note({ id: via, document }, items) {
      if (via === null || document.routes.length === 0) return;
      for (const { action, suppressedBy, serviceId, dedupKey } of items) {
        if (action !== 'trigger' || suppressedBy !== null) continue;
        const name = nameOf({ serviceId: via, dedupKey });
        const services = begun.get(name) ?? new Set(found.servicesOf(via, dedupKey));
        begun.set(name, services.add(serviceId));
      }
    },
  };
}

/** Where what a sender with routes reports may be open already: a key stays with the service at which it opened. */
function routedKeys({ sender, reports }: IntakeRequest): (IntakeKey & { readonly via: string })[] {
  const { id: via, document, serviceId } = sender;
  if (via === null || document.routes.length === 0) return [];
  const services = servicesOf(document.routes, serviceId);
  return reports.flatMap(({ dedupKey }) => services.map((service) => ({ serviceId: service, dedupKey, via })));
}

/** A trigger goes to one service. An end, which may come without the labels that chose it, goes wherever its key is open. */
function itemsOf(sender: Sender, report: SourceReport, open: OpenElsewhere, rules: readonly LiveRule[]): OwnItem[] {
  const { document, teamId, principalId: reportedBy, id: via } = sender;
  const { dedupKey, labels, action } = report;
  const routed = routeOf(document.routes, sender.serviceId, labels);
  const openAt = via === null ? [] : open.servicesOf(via, dedupKey);
  const serviceIds =
    openAt.length === 0 || (openAt.includes(routed.serviceId) && action === 'trigger') ? [routed.serviceId] : openAt;
  const of = { dedupKey, action, reportedBy, via, canaryId: null, sensitive: false, causeKey: null } as const;
  const rest = { ...of, leaves: 'changes', severity: null, title: null, details: null, suppressedBy: null } as const;
  if (report.action === 'acknowledge') return serviceIds.map((serviceId) => ({ ...rest, serviceId, group: null }));
  const { group } = report;
  if (report.action === 'resolve') return serviceIds.map((serviceId) => ({ ...rest, serviceId, group }));
  const serviceId = serviceIds[0] ?? routed.serviceId;
  const rule = ruleFor(rules, { serviceId, teamId, integrationId: via, labels });
  const { title, details } = report;
  const severity = routed.severity ?? report.severity;
  return [{ ...rest, serviceId, group, severity, title, details, suppressedBy: rule?.id ?? null }];
}
