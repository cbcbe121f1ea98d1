import type { Severity } from '../severity.ts';
import type { Ladder, LadderStatus } from './ladder.ts';
import type { HappeningKind } from './happening.ts';

/** An escalation as it is shown outside of Vigil. Names are those of people; null where nobody did it. */
export interface ShownStatus {
  readonly escalationId: string;
  readonly version: number;
  readonly status: LadderStatus;
  readonly severity: Severity;
  /** As the source wrote it: who shows it must heed `isSensitive`. */
  readonly title: string;
  readonly isSensitive: boolean;
  readonly isDrill: boolean;
  readonly serviceKey: string;
  readonly openedAt: number;
  readonly acknowledged: { readonly by: string | null; readonly at: number } | null;
  readonly snoozedUntilAt: number | null;
  /** `by` null: the source resolved it. */
  readonly resolved: { readonly by: string | null; readonly at: number } | null;
  /** The last time that a person sent it to the next rung. */
  readonly escalated: { readonly by: string | null; readonly at: number } | null;
}

/** What changes what people are shown; a page that is sent or a rung that passes its deadline does not. */
const visible: ReadonlySet<HappeningKind> = new Set<HappeningKind>([
  'walk_started',
  'acknowledged',
  'unacknowledged',
  'escalated',
  'reassigned',
  'snoozed',
  'held',
  'exhausted',
  'severity_rose',
  'resolved',
]);

/** Whether what is shown of the escalation differs after its last transition. */
export const changesWhatIsShown = (ladder: Ladder): boolean =>
  ladder.happened.some(({ what }) => visible.has(what)) || ladder.happened.some((one) => isLateArrival(ladder, one));

/** A page that arrived after what it says had changed: it shows what was true when it was written. */
function isLateArrival(ladder: Ladder, happening: Ladder['happened'][number]): boolean {
  if (happening.what !== 'page_settled') return false;
  const page = ladder.pages.find(({ key }) => key === happening.key);
  if (page === undefined || page.channel !== 'chat') return false;
  const { walk, status } = ladder;
  return status !== 'triggered' || page.walk < walk.number || page.pass !== walk.pass || page.rung !== walk.rung;
}

/** True while what that page told still waits for a person: it is not taken on, and has not begun anew since. */
export function isActionable({ status, pages, walk }: Ladder, pageKey: string): boolean {
  const page = pages.find(({ key }) => key === pageKey);
  return (status === 'triggered' || status === 'exhausted') && page !== undefined && page.walk >= walk.number;
}
