import type { Client } from 'pg';
import type { Json } from '#domain/json.ts';
import { after, people, phoneOf, serviceId, teamId } from './setting.ts';
import { ChainWriter, command, idOf, insert } from './writer.ts';
import type { Actor } from './writer.ts';

export const escalationId = idOf('esc', 1);
export const exhaustedId = idOf('esc', 2);
export const deliveryIds = [1, 2, 3, 4].map((number) => idOf('dlv', number)) as [string, string, string, string];

type State = { readonly [key: string]: Json };

const ackWithinMs = 60_000;
const rung = { ackWithinMs, conditions: null };
const opening: State = {
  status: 'triggered',
  teamId,
  urgency: 'high',
  severity: 1,
  policy: { rungs: [rung, rung], catchAllPersonId: people.lead.id },
  maintenance: [],
  holdLowUntilAt: null,
  snoozedUntilAt: null,
  acknowledgedBy: null,
  acknowledgedAt: null,
  ackTimeoutAt: null,
  drill: null,
  sourceResolvedBy: null,
  resolution: null,
  questions: [],
  pending: [],
  pages: [],
};

const walk = (rungNumber: number, phase: string, deadlineAt: number | null, more: State = {}): State => ({
  walk: { number: 1, phase, pass: 0, rung: rungNumber, deadlineAt, reached: rungNumber, ackedBy: [], ...more },
});
const asked = (round: number, at: number): State => ({
  ...walk(round - 1, 'resolving', at + ackWithinMs),
  questions: [{ key: `ask:${round}`, purpose: 'rung', pass: 0, rung: round - 1 }],
});
const pageKey = (round: number, who: Actor): string => `page:${round}:${who.id}:rule`;
const paged = (round: number, who: Actor, reason: string): State => ({
  what: 'paged',
  key: pageKey(round, who),
  pass: 0,
  rung: round - 1,
  round,
  personId: who.id,
  reason,
});
const answer = (round: number, ...who: readonly Actor[]) => ({
  type: 'rungResolved',
  effectKey: `ask:${round}`,
  hours: null,
  people: who.map(({ id }) => ({ personId: id, shadow: false, rules: [{ delayMs: 0 }] })),
});

/** One whose first rung stays silent, whose second acknowledges, and whose source resolves it; one that is exhausted. */
export async function seedEscalations(client: Client): Promise<void> {
  await seedAnswered(client);
  await seedExhausted(client);
}

async function seedAnswered(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'escalation', escalationId);
  await insertRow(client, escalationId, 'disk');
  const alerts = { opened: idOf('alr', 1), resolved: idOf('alr', 2) };
  const { first, second } = people;
  const start = await command(client, chain, after(100), { name: 'open', mode: 'start' });
  const opened = { ...opening, ...asked(1, after(101)), happened: [{ what: 'walk_started', pass: 0 }, rungAsked(0)] };
  await chain.move(after(101), { type: 'opened' }, opened, { cause: start });
  await page(client, chain, 1, 102, first, 'rung', deliveryIds[0]);
  await chain.move(after(165), { type: 'due' }, { ...asked(2, after(165)), happened: [rungAsked(1)] });
  await page(client, chain, 2, 166, second, 'rung', deliveryIds[1]);
  const ack = await command(client, chain, after(180), { name: 'acknowledge', actor: second });
  await chain.move(
    after(181),
    { type: 'acknowledge' },
    {
      ...walk(1, 'stopped', null, { ackedBy: [second.id] }),
      status: 'acknowledged',
      acknowledgedBy: second.id,
      acknowledgedAt: after(181),
      happened: [{ what: 'acknowledged', personId: second.id }],
    },
    { actor: second, cause: ack },
  );
  const refused = await command(client, chain, after(190), { name: 'escalateNow', actor: first, status: 'refused' });
  await chain.say({
    at: after(190),
    action: 'escalateNow.refused',
    actor: first,
    reason: 'escalation.held',
    cause: refused,
    data: { detail: {} },
  });
  await insertAlert(client, alerts.opened, 1, 100, escalationId, 'trigger', 'opened');
  await insertAlert(client, alerts.resolved, 5, 200, escalationId, 'resolve', 'resolved');
  const word = await command(client, chain, after(200), { name: 'sourceChanged', mode: 'signal' });
  await chain.move(
    after(201),
    { type: 'sourceChanged', kind: 'resolve', alertEventId: alerts.resolved },
    {
      status: 'resolved',
      resolution: { kind: 'source', alertEventId: alerts.resolved, at: after(201) },
      happened: [{ what: 'resolved' }],
    },
    { cause: word },
  );
  await startDelivery(client, chain, 202, 'told', second, 'resolved', deliveryIds[2]);
  await chain.end();
  await client.query(
    `UPDATE escalations SET version = $2, status = 'resolved', state = $3, alert_count = 3, last_trigger_seq = 3,
       acknowledged_at = $4, acknowledged_by = $5, resolved_at = $6, closed_at = $6, updated_at = $6 WHERE id = $1`,
    [escalationId, chain.version, JSON.stringify(chain.state), new Date(after(181)), second.id, new Date(after(201))],
  );
}

async function seedExhausted(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'escalation', exhaustedId);
  await insertRow(client, exhaustedId, 'network');
  await insertAlert(client, idOf('alr', 3), 6, 300, exhaustedId, 'trigger', 'opened');
  const start = await command(client, chain, after(300), { name: 'open', mode: 'start' });
  const opened = { ...opening, ...asked(1, after(301)), happened: [{ what: 'walk_started', pass: 0 }, rungAsked(0)] };
  await chain.move(after(301), { type: 'opened' }, opened, { cause: start });
  const skipped = { what: 'rung_skipped', reason: 'nobody', pass: 0, rung: 0 };
  await chain.move(after(302), answer(1), { ...asked(2, after(302)), happened: [skipped, rungAsked(1)] });
  const { lead } = people;
  await chain.move(after(303), answer(2), {
    ...walk(2, 'stopped', null),
    status: 'exhausted',
    questions: [{ key: 'ask:3', purpose: 'catch_all', pass: 0, rung: 2 }],
    happened: [
      { ...skipped, rung: 1 },
      { what: 'exhausted', noOneReached: true },
      { what: 'people_asked', because: 'catch_all', personIds: [lead.id] },
    ],
  });
  await page(client, chain, 3, 304, lead, 'catch_all', deliveryIds[3]);
  await chain.end();
  await client.query(
    `UPDATE escalations SET version = $2, status = 'exhausted', state = $3, updated_at = $4 WHERE id = $1`,
    [exhaustedId, chain.version, JSON.stringify(chain.state), new Date(after(306))],
  );
}

const rungAsked = (number: number): State => ({ what: 'rung_asked', because: 'rung', pass: 0, rung: number });

/** The answer to who is on a rung, the page to that person, and what became of it. */
async function page(
  client: Client,
  chain: ChainWriter,
  round: number,
  seconds: number,
  who: Actor,
  reason: string,
  deliveryId: string,
): Promise<void> {
  const happening = paged(round, who, reason);
  const key = pageKey(round, who);
  const event =
    reason === 'catch_all' ? { type: 'peopleResolved', effectKey: `ask:${round}`, people: [] } : answer(round, who);
  const waiting = reason === 'catch_all' ? {} : walk(round - 1, 'waiting', after(seconds) + ackWithinMs);
  const inFlight = [{ key, result: 'in_flight', cancelled: false }];
  await chain.move(after(seconds), event, { ...waiting, questions: [], pages: inFlight, happened: [happening] });
  await startDelivery(client, chain, seconds + 0.5, key, who, reason, deliveryId);
  const settled = { what: 'page_settled', key, personId: who.id };
  await chain.move(
    after(seconds + 1),
    { type: 'pageSettled', effectKey: key, result: 'sent', deliveryId },
    { pages: [{ key, result: 'sent', cancelled: false }], happened: [settled] },
  );
}

async function startDelivery(
  client: Client,
  chain: ChainWriter,
  seconds: number,
  key: string,
  who: Actor,
  kind: string,
  deliveryId: string,
): Promise<void> {
  const at = new Date(after(seconds));
  await insert(client, 'deliveries', {
    id: deliveryId,
    escalation_id: chain.id,
    effect_key: key,
    kind,
    pass: 0,
    rung: 0,
    person_id: who.id,
    contact_method_id: phoneOf(who),
    channel: 'webhook',
    status: 'sent',
    started_at: at,
    settled_at: at,
  });
  const action = kind === 'resolved' ? 'resolvedNoticeStarted' : 'pageStarted';
  await chain.say({ at: at.getTime(), action, reason: kind, cause: key, data: { deliveryId } });
}

const insertRow = (client: Client, id: string, dedupKey: string): Promise<void> =>
  insert(client, 'escalations', {
    id,
    service_id: serviceId,
    team_id: teamId,
    dedup_key: dedupKey,
    title: 'Something is wrong',
    severity: 1,
    status: 'opening',
    first_trigger_seq: 1,
    last_trigger_seq: 1,
    opened_at: new Date(after(100)),
    updated_at: new Date(after(100)),
  });

const insertAlert = (
  client: Client,
  id: string,
  seq: number,
  seconds: number,
  of: string,
  action: string,
  disposition: string,
): Promise<void> =>
  insert(client, 'alert_events', {
    id,
    seq,
    service_id: serviceId,
    reported_by: 'sender',
    dedup_key: of === escalationId ? 'disk' : 'network',
    action,
    severity: 1,
    title: 'Something is wrong',
    escalation_id: of,
    disposition,
    received_at: new Date(after(seconds)),
  });

/** What the phones wrote down. */
export const phoneLines = (): { readonly [key: string]: Json }[] =>
  deliveryIds.map((deliveryId, index) => ({
    seq: index + 1,
    at: new Date(after([103, 167, 202.5, 305][index] ?? 0)).toISOString(),
    type: 'page',
    contact: 'phone',
    webhookId: deliveryId,
    duplicate: false,
    page: {
      deliveryId,
      escalationId: index === 3 ? exhaustedId : escalationId,
      kind: index === 2 ? 'resolved' : 'page',
    },
  }));
