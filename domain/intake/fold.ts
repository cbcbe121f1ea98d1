import type { Json } from '../json.ts';
import { worse } from '../severity.ts';
import type { Severity } from '../severity.ts';
import { endAll, firingCount, foldGroup, forgetUnnamed } from './firing.ts';
import type { KnownAlerts } from './firing.ts';
import type { Disposition, FiringGroup } from './report.ts';

/** One report of one service and key, told apart from the format and the request that it came in. */
export interface IntakeItem {
  readonly serviceId: string;
  readonly dedupKey: string;
  readonly action: 'trigger' | 'acknowledge' | 'resolve';
  /** Null: what is open keeps its own. */
  readonly severity: Severity | null;
  readonly title: string | null;
  readonly details: Json | null;
  readonly group: FiringGroup | null;
  /** The principal that reported it. */
  readonly reportedBy: string;
  /** The integration that it came through; null for others. */
  readonly via: string | null;
  /** The rule that keeps it quiet. Triggers only: an end is never kept quiet. */
  readonly suppressedBy: string | null;
  /** When it leaves an alert event: where it changes something, also where it is only counted, or only where something is open. */
  readonly leaves: 'changes' | 'always' | 'if_open';
}

/** The open escalation of the key, as far as intake must know it. */
export interface OpenEscalation {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** The integration that opened it; null when it came otherwise. */
  readonly via: string | null;
  /** Its source's end was told, and no trigger has come since. */
  readonly isEndTold: boolean;
  /** More firing alerts than this may page again; null: never. */
  readonly rePageAbove: number | null;
}

/** What an item leaves behind beside its answer. An alert event is the fact that the timeline shows. */
export interface Left {
  /** The place of the item among those that were folded. */
  readonly index: number;
  readonly disposition: Disposition;
  readonly escalationId: string | null;
  readonly severity: Severity;
  readonly title: string;
  /** What the ladder must hear of; null when only the fact is kept. */
  readonly tell: {
    readonly kind: 'trigger' | 'resolve';
    readonly severity: Severity;
    readonly firingCount: number;
  } | null;
}

export interface KeyOutcome {
  /** One for each item, in order. */
  readonly answers: readonly { readonly disposition: Disposition; readonly escalationId: string | null }[];
  /** The escalation that one of them opened, with what was said then. */
  readonly opened: {
    readonly id: string;
    readonly index: number;
    readonly severity: Severity;
    readonly firingCount: number;
  } | null;
  /** Triggers that count for the open escalation, be it old or new, and the worst severity that it has seen. */
  readonly triggers: number;
  readonly severity: Severity;
  /** The last trigger, and the last end that was told, as places among the items; null when there was none. */
  readonly lastTrigger: number | null;
  readonly lastEnd: number | null;
  readonly left: readonly Left[];
  readonly suppressed: readonly { readonly index: number; readonly ruleId: string }[];
  /** Fingerprints whose knowledge changed. */
  readonly alertsChanged: ReadonlySet<string>;
}

interface Draft {
  open: OpenEscalation | null;
  opened: KeyOutcome['opened'];
  triggers: number;
  lastTrigger: number | null;
  lastEnd: number | null;
}

/**
 * What a run of reports of one service and key comes to, in their order, given what is open and which single alerts are
 * known. `known` is changed to what is known afterwards.
 *
 * Only what matters to the ladder is told: an opening, a rise in severity, more firing alerts than the policy's threshold,
 * and the end. All other triggers are counted. An acknowledgement or an end never opens anything.
 */
export function foldKey(
  items: readonly IntakeItem[],
  before: OpenEscalation | null,
  known: KnownAlerts,
  with_: { readonly newId: () => string; readonly now: number; readonly rePageAbove: number | null },
): KeyOutcome {
  const draft: Draft = { open: before, opened: null, triggers: 0, lastTrigger: null, lastEnd: null };
  const answers: { disposition: Disposition; escalationId: string | null }[] = [];
  const left: Left[] = [];
  const suppressed: { index: number; ruleId: string }[] = [];
  const alertsChanged = new Set<string>();

  for (const [index, item] of items.entries()) {
    const disposition = one(item, index);
    const isOfOne = disposition !== 'dropped';
    answers.push({ disposition, escalationId: isOfOne ? (draft.open?.id ?? null) : null });
  }
  const { opened, triggers, lastTrigger, lastEnd } = draft;
  const severity = draft.open?.severity ?? 4;
  return { answers, opened, triggers, severity, lastTrigger, lastEnd, left, suppressed, alertsChanged };

  function one(item: IntakeItem, index: number): Disposition {
    const firingBefore = firingCount(known);
    const changed = learn(item);
    for (const fingerprint of changed) alertsChanged.add(fingerprint);
    const firing = firingCount(known);
    const leftOut = item.group?.leftOut ?? 0;
    const goesOn = item.group !== null && (firing > 0 || leftOut > 0);
    if (item.action === 'acknowledge') return acknowledge(item, index);
    if (item.action === 'resolve') return goesOn ? partly(item, index, changed.length > 0) : end(item, index);
    if (item.group !== null && !goesOn) {
      // All that it says fires is over already: it came late, or the rest of it ends what was open.
      return firingBefore > 0 ? end(item, index) : drop(item, index);
    }
    if (item.suppressedBy !== null) {
      suppressed.push({ index, ruleId: item.suppressedBy });
      return 'suppressed';
    }
    return trigger(item, index, { firing: Math.max(1, firing), grew: firing > firingBefore });
  }

  function learn(item: IntakeItem): readonly string[] {
    if (item.group !== null) {
      const opens = item.action === 'trigger' && draft.open === null;
      const forgotten = opens ? forgetUnnamed(known, item.group) : [];
      return [...forgotten, ...foldGroup(known, item.group, with_.now)];
    }
    return item.action === 'resolve' && isOurs(item) ? endAll(known, with_.now) : [];
  }

  function trigger(item: IntakeItem, index: number, { firing, grew }: { firing: number; grew: boolean }): Disposition {
    const severity = item.severity ?? 4;
    draft.lastTrigger = index;
    draft.triggers += 1;
    const { open } = draft;
    if (open === null) {
      const id = with_.newId();
      draft.opened = { id, index, severity, firingCount: firing };
      const title = item.title ?? '';
      draft.open = { id, severity, title, via: item.via, isEndTold: false, rePageAbove: with_.rePageAbove };
      leave(item, index, 'opened');
      return 'opened';
    }
    const rose = worse(severity, open.severity) !== open.severity;
    const passed = grew && open.rePageAbove !== null && firing > open.rePageAbove;
    draft.open = { ...open, severity: worse(severity, open.severity), isEndTold: false };
    if (rose || passed) leave(item, index, 'merged', { kind: 'trigger', severity, firingCount: firing });
    else if (item.leaves === 'always') leave(item, index, 'merged');
    return 'merged';
  }

  /** Some of it is over, the rest goes on: noted in the timeline, told to nobody. */
  function partly(item: IntakeItem, index: number, isNews: boolean): Disposition {
    if (draft.open === null || !isOurs(item)) return drop(item, index);
    if (isNews) leave(item, index, 'noted');
    return 'noted';
  }

  function end(item: IntakeItem, index: number): Disposition {
    const { open } = draft;
    if (open === null || !isOurs(item)) return drop(item, index);
    if (open.isEndTold) return 'resolved';
    draft.open = { ...open, isEndTold: true };
    draft.lastEnd = index;
    leave(item, index, 'resolved', { kind: 'resolve', severity: open.severity, firingCount: 0 });
    return 'resolved';
  }

  function acknowledge(item: IntakeItem, index: number): Disposition {
    if (draft.open === null || !isOurs(item)) return drop(item, index);
    leave(item, index, 'noted');
    return 'noted';
  }

  function drop(item: IntakeItem, index: number): Disposition {
    if (item.leaves !== 'if_open') leave(item, index, 'dropped');
    return 'dropped';
  }

  /** What one integration opened, another cannot end: the same key may mean something else to it. */
  function isOurs(item: IntakeItem): boolean {
    return draft.open === null || draft.open.via === null || item.via === null || draft.open.via === item.via;
  }

  function leave(item: IntakeItem, index: number, disposition: Disposition, tell: Left['tell'] = null): void {
    const isOfOne = disposition !== 'dropped';
    left.push({
      index,
      disposition,
      escalationId: isOfOne ? (draft.open?.id ?? null) : null,
      severity: item.severity ?? draft.open?.severity ?? 4,
      title: item.title ?? (isOfOne ? (draft.open?.title ?? '') : ''),
      tell,
    });
  }
}
