import { monitorMachine } from '#domain/heartbeat/machine.ts';
import { openMonitor } from '#domain/heartbeat/monitor.ts';
import type { Monitor, MonitorEffect, MonitorEvent, MonitorInput, MonitorStatus } from '#domain/heartbeat/monitor.ts';
import type { AggregateInput } from './contract.ts';
import { runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import { store } from './options.ts';

/**
 * Pages when an expected beat stays out, and resolves that when it comes.
 *
 * One run per monitor, for years. Beats stand in Postgres; when one is due the newest is asked for, and the monitor sleeps on
 * if there is one. It is told of a beat only while it waits for one, so a busy sender costs it nothing.
 */
export async function heartbeatMonitor(input: AggregateInput<MonitorInput, Carried<Monitor>>): Promise<MonitorStatus> {
  const { id } = input;
  const ended = await runAggregate({ kind: 'heartbeat', machine: monitorMachine, open: openMonitor, perform }, input);
  return ended.status;

  async function perform(effect: MonitorEffect): Promise<MonitorEvent | undefined> {
    switch (effect.type) {
      case 'readBeat':
        return { type: 'beatRead', effectKey: effect.key, ...(await store.readNewestBeat(id)) };
      case 'raiseMiss':
        await store.raiseMissedBeat(id, effect);
        return undefined;
      case 'resolveMiss':
        await store.resolveMissedBeat(effect);
        return undefined;
    }
  }
}
