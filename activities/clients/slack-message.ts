import type { ShownStatus } from '#domain/escalation/shown.ts';
import { wireTitle } from './pager-channels.ts';
import type { PageMessage } from './pager-channels.ts';
import type { SlackBlocks, SlackMessage } from './slack-api.ts';

/** The names of the buttons, which come back with a click. The value that comes with them is the delivery's id. */
export const slackActions = {
  acknowledge: 'vigil_acknowledge',
  escalate: 'vigil_escalate',
  open: 'vigil_open',
} as const;

/** What one message of an escalation shows. */
export interface ShownMessage {
  readonly status: ShownStatus;
  readonly deliveryId: string;
  /** False: what it told has begun anew, or somebody has sent it on. */
  readonly isActionable: boolean;
}

/** A page, or whatever else goes to one contact method. Only a page and a drill can be acted on. */
export function pageText(message: PageMessage, openUrl: string | null): SlackMessage {
  const title = wireTitle(message);
  const isPage = message.kind === 'page' || message.kind === 'drill';
  const notes = [
    ...(message.escalationId === null ? [] : [`Severity ${message.severity}`]),
    ...(message.possibleDuplicate ? ['You may have got this already'] : []),
  ];
  return compose(title, notes, isPage ? buttons(message.deliveryId, openUrl) : []);
}

/** The message of a page once more, as things stand now: who has it, or that it is over. Buttons only while they act. */
export function statusText({ status, deliveryId, isActionable }: ShownMessage, openUrl: string | null): SlackMessage {
  const kind = status.isDrill ? 'drill' : 'page';
  const title = wireTitle({ ...status, kind });
  const notes = [`Severity ${status.severity}`, ...standing(status, isActionable)];
  return compose(title, notes, isActionable ? buttons(deliveryId, openUrl) : []);
}

function standing(status: ShownStatus, isActionable: boolean): string[] {
  const { acknowledged, resolved, escalated, snoozedUntilAt } = status;
  switch (status.status) {
    case 'acknowledged':
      return [act('Acknowledged', acknowledged)];
    case 'resolved':
      return [...(acknowledged ? [act('Acknowledged', acknowledged)] : []), act('Resolved', resolved, 'its source')];
    case 'snoozed':
      return [snoozedUntilAt === null ? 'Snoozed' : `Snoozed until ${clock(snoozedUntilAt)}`];
    case 'held':
      return ['Held: nobody is paged for now'];
    case 'exhausted':
      return ['Nobody has acknowledged: every rung was paged'];
    case 'triggered':
      if (isActionable) return ['Waits for an acknowledgement'];
      return escalated === null ? ['Paged again since: see the newer message'] : [act('Escalated', escalated)];
  }
}

function act(what: string, done: { by: string | null; at: number } | null, otherwise = 'somebody'): string {
  return done === null ? what : `${what} by ${done.by ?? otherwise}, ${clock(done.at)}`;
}

const clock = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * Nothing in a message is markup: titles come from whoever sends alerts, and `<!channel>` in one would wake a whole team.
 */
function compose(title: string, notes: readonly string[], actions: readonly object[]): SlackMessage {
  const blocks = [
    { type: 'section', text: plain(title) },
    ...(notes.length === 0 ? [] : [{ type: 'context', elements: notes.map(plain) }]),
    ...(actions.length === 0 ? [] : [{ type: 'actions', elements: actions }]),
  ] as SlackBlocks;
  return { text: escaped([title, ...notes].join('. ')), blocks };
}

function buttons(deliveryId: string, openUrl: string | null): object[] {
  const button = (text: string, action: string, more: object) => ({
    type: 'button',
    text: plain(text),
    action_id: action,
    ...more,
  });
  return [
    button('Acknowledge', slackActions.acknowledge, { value: deliveryId, style: 'primary' }),
    button('Escalate', slackActions.escalate, { value: deliveryId }),
    ...(openUrl === null ? [] : [button('Open', slackActions.open, { url: openUrl })]),
  ];
}

const plain = (text: string) => ({ type: 'plain_text', text: escaped(text), emoji: false });

/** The three characters that Slack reads as its own, in every kind of text. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
