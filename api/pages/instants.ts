import { dayMs, hourMs, minuteMs, toIso } from '#domain/time.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** An instant as the person reads it: in their own zone, with how long ago it was. */
export function shownInstant(at: number, now: number, timeZone: string): Html {
  return html`<time datetime="${toIso(at)}">${inZone(at, timeZone)}</time> (${ago(now - at)})`;
}

/** The time of day alone, with its zone. */
export const shownTime = (at: number, timeZone: string): Html =>
  html`<time datetime="${toIso(at)}">${formatted(at, timeZone, { hour: '2-digit', minute: '2-digit' })}</time>`;

const inZone = (at: number, timeZone: string): string =>
  formatted(at, timeZone, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

const formatted = (at: number, timeZone: string, parts: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-GB', { ...parts, timeZone, timeZoneName: 'short' }).format(at);

export function ago(ms: number): string {
  if (ms < minuteMs) return 'just now';
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ago`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)} h ago`;
  return `${Math.floor(ms / dayMs)} days ago`;
}
