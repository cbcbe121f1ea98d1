import type { Client } from 'pg';
import { after, people, serviceId, teamId } from './setting.ts';
import { broken, setState } from './mutate.ts';
import type { Mutation } from './mutate.ts';
import { ChainWriter, command, idOf, insert } from './writer.ts';

export const monitorId = idOf('hbm', 1);
const monthSeconds = 2_592_000;

/** A monitor of a month that has beaten. */
export async function seedHeartbeat(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'heartbeat', monitorId);
  const start = await command(client, chain, after(700), { name: 'open', mode: 'start', actor: people.lead });
  const opened = {
    status: 'waiting',
    settings: { version: 1, intervalMs: monthSeconds * 1_000, severity: 2 },
    beats: 0,
    misses: 0,
    countsFromAt: null,
  };
  await chain.move(after(701), { type: 'opened' }, opened, { cause: start, actor: people.lead });
  await chain.move(after(720), { type: 'beatRead' }, { status: 'beating', beats: 1, countsFromAt: after(719) });
  await chain.end();
  await insert(client, 'heartbeat_monitors', {
    id: monitorId,
    team_id: teamId,
    service_id: serviceId,
    name: 'backup',
    sha256: 'none',
    interval_seconds: monthSeconds,
    severity: 2,
    version: chain.version,
    status: 'beating',
    state: chain.state,
    last_beat_at: new Date(after(719)),
    beats: 1,
    created_by: people.lead.id,
    created_at: new Date(after(700)),
    updated_at: new Date(after(720)),
  });
}

const set = (change: string): string => `UPDATE heartbeat_monitors SET ${change}`;

export const heartbeatMutations: readonly Mutation[] = [
  broken('I1', /a beat has stayed out, and it counts as beating/, set('interval_seconds = 60')),
  broken('I1', /its miss 1 was never raised/, setState('heartbeat_monitors', monitorId, 'misses', 1)),
  broken('I1', /a beat came, and it goes on waiting/, set(`status = 'missed', beats = 2`)),
  broken('I1', /heartbeat .* no workflow has recorded anything/, set('version = 0, state = NULL')),
  broken('I3', /heartbeat .* is at version 3, and 2 transitions/, set('version = 3')),
  broken('I9', /heartbeat .* its interval_seconds is not/, set('interval_seconds = 60')),
];
