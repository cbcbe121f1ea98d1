import { toIso } from '../time.ts';
import type { Happening } from './happening.ts';
import type { PageReason, PageResult, PersonSource, Position, WalkReason } from './ladder-parts.ts';

export type NameOf = (id: string) => string;

/** People count rungs and passes from 1. */
const place = ({ pass, rung }: Position): string => `rung ${rung + 1} of pass ${pass + 1}`;
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const begun: Record<WalkReason, string> = {
  opened: 'the escalation opened',
  unacknowledged: 'the acknowledgement was taken back',
  escalated: 'a person escalated it',
  reassigned: 'it was reassigned',
  policy_changed: 'the policy changed',
  ack_timeout: 'the acknowledgement lapsed',
  snooze_ended: 'the snooze ended',
  hold_ended: 'the hold ended',
  severity_rose: 'the severity rose',
};

const skipped = {
  nobody: 'nobody is on it',
  unreachable: 'those who are on it cannot be reached',
  severity: 'it does not count for this severity',
  hours: 'it does not count at this hour',
  unresolved: 'who is on it could not be found out in time',
};

const pagedBecause: Record<PageReason, string> = {
  rung: 'their rung',
  personal_rule: 'their next rule',
  catch_all: 'they are the catch-all',
  re_page: 'it got worse',
  ack_timeout: 'their acknowledgement lapsed',
  added_responder: 'they were added',
  next_channel: 'the channel before failed',
  drill: 'a drill',
};

function sourceOf(source: PersonSource, nameOf: NameOf): string {
  if (source.scheduleId === undefined) return '';
  const version = source.scheduleVersion === undefined ? '' : ` version ${source.scheduleVersion}`;
  const layer = source.layerId === undefined ? '' : `, layer ${nameOf(source.layerId)}`;
  return `, ${source.kind === 'round_robin' ? 'turn of' : 'on call in'} ${nameOf(source.scheduleId)}${version}${layer}`;
}

const settledAs = (result: PageResult): string =>
  result === 'bundled' ? 'another message to them names this escalation' : result.replaceAll('_', ' ');

/** One happening as a plain sentence without its time. */
export function sayHappening(fact: Happening, nameOf: NameOf): string {
  switch (fact.what) {
    case 'walk_started':
      return `the ladder begins: ${begun[fact.reason]}`;
    case 'grace_started':
      return `paging begins at ${toIso(fact.untilAt)} unless it is acknowledged before`;
    case 'pass_started':
      return `pass ${fact.pass + 1} begins${fact.forced ? ' because a person escalated' : ''}`;
    case 'rung_asked':
      return `looked up who is on ${place(fact)}${fact.because === 'rung' ? '' : ' now'}`;
    case 'rung_skipped':
      return `skipped ${place(fact)}: ${skipped[fact.reason]}`;
    case 'rung_waits':
      return `${place(fact)} has ${plural(fact.people, 'person', 'people')}; waits until ${toIso(fact.untilAt)}`;
    case 'wait_extended':
      return `${place(fact)}: nobody was told yet; waits until ${toIso(fact.untilAt)}`;
    case 'low_urgency_waits':
      return `${place(fact)} was told; low urgency goes no further`;
    case 'people_asked':
      return `looked up how to reach ${fact.personIds.map(nameOf).join(', ')}`;
    case 'paged': {
      const shadow = fact.shadow ? ' as a shadow' : '';
      const bundled = fact.bundled > 1 ? `, ${fact.bundled} pages in one` : '';
      // The catch-all stands on no rung.
      const where = fact.source.kind === 'catch_all' ? '' : `, ${place(fact)}`;
      const rule = `rule ${nameOf(fact.ruleId)}${sourceOf(fact.source, nameOf)}`;
      return `paged ${nameOf(fact.personId)}${shadow} by ${fact.channel}: ${pagedBecause[fact.reason]}${where}, ${rule}${bundled}`;
    }
    case 'page_held_back':
      return `held a page to ${nameOf(fact.personId)} back until ${toIso(fact.untilAt)}: they had many already`;
    case 'page_settled':
      return `page to ${nameOf(fact.personId)}: ${settledAs(fact.result)}`;
    case 'person_unreached':
      return `${nameOf(fact.personId)} could not be reached by any way`;
    case 'pages_stopped':
      return `stopped ${plural(fact.waiting, 'waiting page', 'waiting pages')}${fact.personId === null ? '' : ` to ${nameOf(fact.personId)}`}, ${fact.inFlight} more on their way`;
    default:
      return sayDecision(fact, nameOf);
  }
}

type Paging =
  | 'walk_started'
  | 'grace_started'
  | 'pass_started'
  | 'rung_asked'
  | 'rung_skipped'
  | 'rung_waits'
  | 'wait_extended'
  | 'low_urgency_waits'
  | 'people_asked'
  | 'paged'
  | 'page_held_back'
  | 'page_settled'
  | 'person_unreached'
  | 'pages_stopped';

function sayDecision(fact: Exclude<Happening, { what: Paging }>, nameOf: NameOf): string {
  switch (fact.what) {
    case 'exhausted':
      return `exhausted: no rung is left${fact.noOneReached ? ', and no one was reached' : ''}`;
    case 'acknowledged': {
      const missing = fact.complete ? '' : `, ${fact.missing} more must`;
      return `${nameOf(fact.personId)} acknowledged${fact.paged ? '' : ' without having been paged'}${missing}`;
    }
    case 'unacknowledged':
      return `${nameOf(fact.personId)} took the acknowledgement back`;
    case 'escalated':
      return `${nameOf(fact.personId)} escalated`;
    case 'stopped_own_pages':
      return `${nameOf(fact.personId)} stopped their own pages`;
    case 'reassigned':
      return `${nameOf(fact.personId)} reassigned it to ${nameOf('personId' in fact.to ? fact.to.personId : fact.to.policyVersionId)}`;
    case 'policy_changed':
      return `${nameOf(fact.personId)} moved it to policy ${nameOf(fact.policyVersionId)}`;
    case 'snoozed':
      return `${nameOf(fact.personId)} snoozed it until ${toIso(fact.untilAt)}`;
    case 'responder_added':
      return `${nameOf(fact.by)} added ${nameOf(fact.personId)}${fact.shadow ? ' as a shadow' : ''}`;
    case 'held':
      return `held until ${toIso(fact.untilAt)}: ${fact.reason === 'maintenance' ? 'maintenance' : 'low urgency'}`;
    case 'maintenance_noted':
      return `maintenance ${nameOf(fact.windowId)} ${fact.untilAt === null ? 'ended' : `lasts until ${toIso(fact.untilAt)}`}`;
    case 'alert_merged':
      return `alert ${nameOf(fact.alertEventId)} merged: ${plural(fact.triggerCount, 'trigger', 'triggers')}, ${fact.firingCount} firing`;
    case 'severity_rose':
      return `severity rose from ${fact.from} to ${fact.to}`;
    case 'firing_count_passed':
      return `${fact.firingCount} alerts fire, more than ${fact.threshold}`;
    case 'waits_for_a_person':
      return 'the source resolved the drill; it waits for a person to acknowledge';
    case 'resolved':
      return `resolved by ${'personId' in fact.by ? nameOf(fact.by.personId) : `the source, alert ${nameOf(fact.by.alertEventId)}`}`;
    default:
      return `told ${nameOf(fact.personId)} that it is resolved`;
  }
}
