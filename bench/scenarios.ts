import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { connectDatabase } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { recordTransitions } from '#db/repositories/record.ts';
import { sweepWorkflow } from '#workflows/contract.ts';
import { closedLoop, createTimes, openLoop } from './load.ts';
import type { Measured } from './load.ts';
import type { startBenchPhone } from './phones.ts';
import type { BenchWorld } from './world.ts';

type Phone = Awaited<ReturnType<typeof startBenchPhone>>;

export interface Scenario {
  readonly name: string;
  readonly what: string;
  run(world: BenchWorld, phone: Phone): Promise<Measured>;
}

const trigger = (key: string, severity = 2) => ({ action: 'trigger', dedupKey: key, severity, title: 'bench' });
const alertPath = (world: BenchWorld) => `/v1/services/${world.serviceId}/alerts`;

export const scenarios: readonly Scenario[] = [
  {
    name: 'events',
    what: 'product events taken in, batches of 500, 4 senders; events/s is 500 × the rate',
    run: (world) =>
      closedLoop(10, 4, async (turn) => {
        const events = Array.from({ length: 500 }, (_, index) => ({
          id: `${turn}-${index}-${randomUUID()}`,
          kind: 'message_sent',
          accountRef: `acct_${index % 50}`,
          occurredAt: new Date().toISOString(),
          attributes: { linkCount: index % 7, recipientCount: 1 },
          content: null,
        }));
        return (await world.send('/v1/intake/events', { productKey: 'bench', events })).ok;
      }),
  },
  {
    name: 'page',
    what: 'alert accepted (answered) → first page on the phone, 5 alerts/s for 20 s',
    async run(world, phone) {
      const accepted = new Map<string, number>();
      await openLoop(20, 5, async (turn) => {
        const answer = await world.send(alertPath(world), trigger(`page-${turn}-${randomUUID()}`));
        if (answer.ok) accepted.set(String(answer.body['escalationId']), performance.now());
      });
      const times = createTimes();
      await phone.waitFor(accepted.size, 60_000);
      for (const [id, at] of accepted) {
        const paged = phone.firstPageAt.get(id);
        if (paged === undefined) times.fail();
        else times.add(Math.max(0, paged - at));
      }
      return times.result(20);
    },
  },
  {
    name: 'ack',
    what: 'acknowledgement, request → answer (recorded), one after the other, of escalations that were paged',
    async run(world, phone) {
      const ids = [...phone.firstPageAt.keys()].slice(0, 80);
      const began = performance.now();
      const times = createTimes();
      for (const id of ids) {
        const from = performance.now();
        const answer = await world.send(`/v1/escalations/${id}/acknowledgements`, {}, 'responder');
        if (answer.ok) times.add(performance.now() - from);
        else times.fail();
      }
      return times.result((performance.now() - began) / 1_000);
    },
  },
  {
    name: 'record',
    what: 'recording one transition (audit event with its state, projection), one after the other',
    async run(world) {
      const db = connectDatabase({
        url: world.stack.urls.app,
        size: 2,
        applicationName: 'vigil-bench',
        statementTimeoutMs: 10_000,
        onIdleError: () => undefined,
      });
      const id = newId('canary');
      const state = { status: 'opened', filler: 'x'.repeat(2_000) };
      let version = 0;
      const measured = await closedLoop(10, 1, async () => {
        version++;
        await recordTransitions(db, {
          kind: 'canary',
          id,
          workflowId: `canary:${id}`,
          runId: 'bench',
          transitions: [
            {
              version,
              at: Date.now(),
              event: { type: 'opened' },
              state: { ...state, version },
              effects: [],
              actor: { kind: 'system', id: 'vigil' },
              cause: null,
              requestId: null,
            },
          ],
        });
        return true;
      });
      await db.$client.end();
      return measured;
    },
  },
  {
    name: 'starts',
    what: 'workflow starts on the development server, 8 callers',
    async run(world) {
      const connection = await Connection.connect({ address: world.stack.temporalAddress });
      const client = new Client({ connection });
      const measured = await closedLoop(10, 8, async () => {
        await client.workflow.start(sweepWorkflow, {
          workflowId: `bench:${randomUUID()}`,
          taskQueue: 'bench-unpolled',
          args: ['bench'],
        });
        return true;
      });
      await connection.close();
      return measured;
    },
  },
  {
    name: 'alerts-same-key',
    what: 'alerts accepted, all of one key, 32 senders',
    run: (world) => closedLoop(15, 32, async () => (await world.send(alertPath(world), trigger('one-key'))).ok),
  },
  {
    name: 'alerts-distinct',
    what: 'alerts accepted, each of its own key (each opens an escalation), 32 senders; the workflows start meanwhile',
    run: (world) =>
      closedLoop(
        15,
        32,
        async (turn) => (await world.send(alertPath(world), trigger(`distinct-${turn}-${randomUUID()}`, 4))).ok,
      ),
  },
];
