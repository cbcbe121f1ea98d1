import type { PageLink } from '#db/repositories/page-links.ts';
import type { LinkAct } from './confirmation.ts';
import { html, plainLine } from './html.ts';
import type { Html } from './html.ts';
import { shownInstant, shownTime } from './instants.ts';
import { layout } from './layout.ts';
import type { Acknowledged, Standing } from './link-standing.ts';

type Shown = Exclude<Standing, { kind: 'expired' }>;

/** What a page about one escalation shows. */
export interface LinkView {
  readonly link: PageLink;
  readonly standing: Shown;
  /** Names of the persons in it, by id. */
  readonly names: ReadonlyMap<string, string>;
  /** The hidden values of the two forms. */
  readonly confirm: { readonly acknowledge: string; readonly undo: string };
  /** The address of this page as seen from itself: its last part. */
  readonly self: string;
}

/** The page of a link, as it stands at this moment. Showing it changes nothing. */
export function acknowledgePage(view: LinkView): string {
  const { standing } = view;
  switch (standing.kind) {
    case 'open':
      return layout(
        'Acknowledge',
        html`${matter(view, true)}
          <p class="grow"></p>
          ${acknowledgeForm(view)}`,
      );
    case 'taken':
      return layout('Acknowledged', html`${taken(view, standing)}${matter(view)}`);
    case 'pending':
      return layout('Accepted', pending(view), { refreshSeconds: 10 });
    case 'acknowledged':
      return layout('Acknowledged', html`${acknowledged(view, standing)}${matter(view)}${undoForm(view, standing)}`);
    case 'undone':
      return layout('Taken back', html`${undone(view, standing)}${matter(view)}`);
    default:
      return layout('Resolved', resolved(view, standing));
  }
}

/** What went wrong, in the words of the error table, and what to do about it. */
export function problemPage(title: string, act: LinkAct, again: string | null = null): string {
  const heading = act === 'undo' ? 'Not taken back' : 'Not acknowledged';
  const elsewhere =
    act === 'undo'
      ? html`<code>vigil escalation unack</code> on a computer takes it back at any time, as long as it is not over.`
      : html`What always works: the newest page you got, <code>vigil escalation ack</code> on a computer, or a call to a
          colleague. Until somebody acknowledges, Vigil goes on paging.`;
  return layout(
    heading,
    html`<h1>${heading}</h1>
      <p>${title}</p>
      ${again !== null && html`<p><a class="again" href="${again}">Look again</a></p>`}
      <p class="dim">${elsewhere}</p>`,
  );
}

/** What is wrong, since when, and who knows. Nothing of a sensitive matter but that there is one. */
function matter(view: LinkView, isMain = false): Html {
  const { link } = view;
  const { escalation, now, timeZone } = link;
  const title = escalation.isSensitive
    ? 'An escalation about sensitive harm. Open Vigil to read it.'
    : plainLine(escalation.title) || 'An escalation without a title';
  return html`<p class="kind">${escalation.isDrill && 'Drill · '}Severity ${escalation.severity}</p>
    ${isMain ? html`<h1><bdi>${title}</bdi></h1>` : html`<h2><bdi>${title}</bdi></h2>`}
    <dl>
      <dt>Since</dt>
      <dd>${shownInstant(escalation.openedAt.getTime(), now.getTime(), timeZone)}</dd>
      ${row('Service', escalation.isSensitive ? '' : plainLine(escalation.serviceName, 120))}
      ${row('Alerts', escalation.alertCount > 1 ? String(escalation.alertCount) : '')} ${row('Rung', rungOf(view))}
      ${row('Also paged', alsoPaged(view))}
    </dl>`;
}

const row = (name: string, value: string | Html): Html | null =>
  value === ''
    ? null
    : html`<dt>${name}</dt>
        <dd><bdi>${value}</bdi></dd>`;

function rungOf({ link }: LinkView): string {
  const { state, status } = link.escalation;
  if (state === null) return '';
  const { pass, rung } = state.walk;
  const rungs = state.policy.rungs.length;
  if (status === 'snoozed') return 'nobody is paged: it is snoozed';
  if (status === 'held') return 'nobody is paged: maintenance';
  if (status === 'exhausted' || rung >= rungs) return `past the last of ${rungs}: nobody has answered`;
  if (rung < 0) return '';
  return `${rung + 1} of ${rungs}${pass > 0 ? `, round ${pass + 1}` : ''}`;
}

function alsoPaged({ link, names }: LinkView): string {
  const { state } = link.escalation;
  if (state === null) return '';
  const others = state.responders.filter(({ personId, pages }) => pages > 0 && personId !== link.personId);
  const shown = others.slice(0, 6).map(({ personId }) => nameIn(names, personId));
  if (others.length > shown.length) shown.push(`${others.length - shown.length} more`);
  return shown.length === 0 ? 'nobody else' : shown.join(', ');
}

const nameIn = (names: ReadonlyMap<string, string>, personId: string): string =>
  plainLine(names.get(personId) ?? personId, 80);

function acknowledgeForm({ link, names, confirm }: LinkView): Html {
  return html`<form method="post" class="act">
    <input type="hidden" name="confirm" value="${confirm.acknowledge}" />
    <button type="submit">Acknowledge</button>
    <p class="dim">As <bdi>${nameIn(names, link.personId)}</bdi>. You can undo it for 5 minutes.</p>
  </form>`;
}

function taken({ link, names }: LinkView, { by, at }: Extract<Standing, { kind: 'taken' }>): Html {
  const when = at === null ? '' : html` at ${shownTime(at, link.timeZone)}`;
  const who = by === link.personId ? 'You have' : html`<bdi>${by === null ? 'Somebody' : nameIn(names, by)}</bdi> has`;
  return html`<h1>${who} acknowledged${when}.</h1>
    <p>Nobody is paged any more. There is nothing to do here.</p>`;
}

function pending({ self }: LinkView): Html {
  return html`<h1>Accepted.</h1>
    <p>
      Your acknowledgement is stored. The part of Vigil that stops the pages does not answer just now: it will be done
      as soon as it does. Until then a page may still come.
    </p>
    <p><a class="again" href="${self}">Look again</a></p>`;
}

function acknowledged({ link, names }: LinkView, standing: Acknowledged): Html {
  const when = html`You acknowledged at ${shownTime(standing.at, link.timeZone)}`;
  if (!standing.stands) {
    return html`<h1>${when}, and it was paged anew since.</h1>
      <p>Use the link of the newest page you got.</p>`;
  }
  const first =
    standing.firstBy !== null &&
    html`<p><bdi>${nameIn(names, standing.firstBy)}</bdi> had acknowledged before you.</p>`;
  const wire =
    standing.inFlight > 0 && html`<p>${pages(standing.inFlight)} under way just then and may still arrive.</p>`;
  const rest =
    standing.missing > 0
      ? html`<p>You are not paged any more. This rung needs ${standing.missing} more: others still are.</p>`
      : html`<p>Nobody is paged any more.</p>`;
  return html`<h1>${when}, <bdi>${nameIn(names, link.personId)}</bdi>.</h1>
    ${rest}${first}${wire}`;
}

const pages = (count: number): string => (count === 1 ? 'One page was' : `${count} pages were`);

function undoForm({ link, confirm, self }: LinkView, { undoUntil }: Acknowledged): Html | null {
  if (undoUntil === null) return null;
  return html`<p class="grow"></p>
    <form method="post" action="${self}/undo" class="act">
      <input type="hidden" name="confirm" value="${confirm.undo}" />
      <button type="submit" class="quiet">Undo</button>
      <p class="dim">Until ${shownTime(undoUntil, link.timeZone)}. Paging then begins again at the first rung.</p>
    </form>`;
}

function undone({ link }: LinkView, { at, isDone }: Extract<Standing, { kind: 'undone' }>): Html {
  return html`<h1>Taken back at ${shownTime(at, link.timeZone)}.</h1>
    <p>
      ${
        isDone
          ? 'You do not have it any more: paging has begun again at the first rung.'
          : 'This is stored, and done as soon as the part of Vigil that pages answers.'
      }
      To acknowledge once more, use the link of the next page.
    </p>`;
}

function resolved({ link, names }: LinkView, { by, at }: Extract<Standing, { kind: 'resolved' }>): Html {
  const who = by === null ? 'its source' : by === link.personId ? 'you' : nameIn(names, by);
  const when = at !== null && html`, ${shownInstant(at, link.now.getTime(), link.timeZone)}`;
  return html`<h1>It is over.</h1>
    <p>Resolved by <bdi>${who}</bdi>${when}. Nobody is paged for it any more, and there is nothing to do.</p>`;
}
