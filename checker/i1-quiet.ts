import type { Ladder } from './escalation-state.ts';
import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { byId } from './history.ts';
import type { AlertRow, ConfigurationRow, EscalationRow, FiringRow, SuppressedRow } from './rows.ts';

/** What is known of alerts that are over is kept for days after its last change: this much must be there. */
const rememberedMs = 86_400_000;
const keyOf = (row: { readonly service_id: string; readonly dedup_key: string }): string =>
  `${row.service_id} ${row.dedup_key}`;
const isFiring = ({ started_at: started, ended_at: ended }: FiringRow): boolean => ended === null || started > ended;

/** Why a trigger paged nobody, where it opened nothing and went into nothing. Null when the reason holds. */
export function whyUnheard(facts: Facts): (alert: AlertRow) => string | null {
  const suppressed = new Set(facts.suppressed.map(keyOf));
  const over = new Set(facts.firing.filter(({ ended_at: ended }) => ended !== null).map(keyOf));
  return (alert) => {
    const key = keyOf(alert);
    if (alert.disposition === 'suppressed') {
      if (!suppressed.has(key)) return 'a trigger ended as suppressed, and no rule has counted it';
      return alert.escalation_id === null ? 'a suppressed trigger belongs to no escalation' : null;
    }
    if (alert.disposition !== 'dropped') return null;
    if (alert.escalation_id !== null) return 'a trigger ended as dropped, and belongs to an escalation';
    // One that came after its own end is over by what its source said.
    const isOver = over.has(key) || alert.received_at < facts.now - rememberedMs;
    return isOver ? null : 'a trigger ended as dropped, and its source never said that it is over';
  };
}

/** Every alert that was kept quiet is counted with a rule of its team that was live then. */
export function checkSuppressed(facts: Facts, found: Findings): void {
  const rules = configured(facts, 'suppression_rules');
  const services = configured(facts, 'services');
  for (const row of facts.suppressed) {
    found.saw('suppressed alerts');
    const wrong = whatIsWrong(row);
    if (wrong !== null) found.breach(`suppressed ${row.rule_id} ${row.service_id}`, wrong, row.first_at);
  }

  function whatIsWrong(row: SuppressedRow): string | null {
    const rule = rules.get(row.rule_id);
    if (rule === undefined) return 'alerts are kept quiet by a rule that is not there';
    if (rule['team_id'] !== services.get(row.service_id)?.['team_id'])
      return "a rule keeps another team's alerts quiet";
    if (row.count < 1) return 'alerts are kept quiet and not counted';
    const { slackMs } = facts.bounds;
    // Whoever accepts alerts may have read the rules this long before.
    const readBeforeMs = 2_000 + slackMs;
    const until = Math.min(Number(rule['expires_at']), Number(rule['ended_at'] ?? Number.POSITIVE_INFINITY));
    if (row.first_at < Number(rule['created_at']) - slackMs) return 'alerts were kept quiet before their rule was made';
    return row.last_at > until + readBeforeMs ? 'alerts were kept quiet after their rule had ended' : null;
  }
}

const configured = (facts: Facts, table: string): ReadonlyMap<string, ConfigurationRow> =>
  new Map((facts.configuration.get(table) ?? []).map((row) => [String(row['id']), row]));

/** What its source ended was over: none of its single alerts fires, as far as was known then. */
export function checkGroups(facts: Facts, found: Findings): void {
  const firing = Map.groupBy(facts.firing, keyOf);
  const newest = new Map<string, EscalationRow>();
  for (const row of facts.escalations) {
    const known = newest.get(keyOf(row));
    if (known === undefined || known.opened_at <= row.opened_at) newest.set(keyOf(row), row);
  }
  const alerts = byId(facts.alerts);
  for (const [key, row] of newest) {
    const single = firing.get(key) ?? [];
    if (single.length > 0) found.saw('groups');
    const state = row.state as Ladder | null;
    const word = state?.resolution?.kind === 'source' ? alerts.get(state.resolution.alertEventId ?? '') : undefined;
    if (word === undefined) continue;
    const left = single.filter((alert) => isFiring(alert) && alert.seen_at < word.received_at - facts.bounds.slackMs);
    if (left.length > 0)
      found.breach(
        `escalation ${row.id}`,
        `its source ended it while ${left.length} of its alerts fire`,
        row.opened_at,
      );
  }
}
