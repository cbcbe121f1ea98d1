import type { Json } from '../json.ts';
import { isBlank, isObject, longestSummary, notAnObject, readRoutingKey, readText } from './pagerduty-fields.ts';
import type { InvalidEvent } from './pagerduty-fields.ts';

export interface ChangeLink {
  /** http or https. */
  readonly href: string;
  readonly text: string | null;
}

export interface ReadChange {
  readonly routingKey: string;
  readonly change: {
    readonly summary: string;
    readonly source: string | null;
    /** Epoch milliseconds; null when the event names no instant that can be read. */
    readonly happenedAt: number | null;
    readonly details: Json;
    readonly links: readonly ChangeLink[];
  };
}

/** Reads one PagerDuty change event: only its key and its summary are demanded. */
export function readChange(body: Json): ReadChange | InvalidEvent {
  if (!isObject(body)) return { errors: [notAnObject] };
  const errors: string[] = [];
  const routingKey = readRoutingKey(body, errors);
  if (!isObject(body['payload'])) errors.push("'payload' is missing or blank");
  const payload = isObject(body['payload']) ? body['payload'] : {};
  const summary = readText(payload, 'summary', longestSummary, errors, 'payload.');
  if (errors.length > 0) return { errors };
  const source = payload['source'];
  return {
    routingKey,
    change: {
      summary,
      source: typeof source === 'string' && !isBlank(source) ? source : null,
      happenedAt: instantOf(payload['timestamp']),
      details: payload['custom_details'] ?? null,
      links: linksOf(body['links']),
    },
  };
}

const mostLinks = 20;

/** The links that a person can follow; others are passed over. */
function linksOf(value: Json | undefined): ChangeLink[] {
  const links = Array.isArray(value) ? (value as readonly Json[]) : [];
  return links.slice(0, mostLinks).flatMap((link) => {
    if (!isObject(link)) return [];
    const { href, text } = link;
    if (typeof href !== 'string' || !/^https?:\/\//i.test(href)) return [];
    return [{ href, text: typeof text === 'string' ? text : null }];
  });
}

/** Other years are a sender with a broken clock. */
const firstChangeAt = Date.UTC(2000, 0, 1);
const lastChangeAt = Date.UTC(2100, 0, 1);

const isoInstant =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[Tt ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(?<zone>[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** Takes offsets as PagerDuty's examples write them, `+0000`; no offset means UTC. */
function instantOf(value: Json | undefined): number | null {
  const { date, time = '00:00', zone = 'Z' } = isoInstant.exec(typeof value === 'string' ? value : '')?.groups ?? {};
  const at = Date.parse(`${date}T${time}${zone.toUpperCase().replace(/(\d\d):?(\d\d)$/, '$1:$2')}`);
  return at >= firstChangeAt && at < lastChangeAt ? at : null;
}
