import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PagerChannel, SendOutcome } from '#activities/clients/pager-channels.ts';
import type { ProviderGuard } from '#activities/clients/provider-guard.ts';

export interface WorkerMetrics {
  readonly registry: Registry;
  /** The same channel, with its attempts counted and timed. */
  observed(channel: PagerChannel): PagerChannel;
  /** An escalation of high urgency had its first page out, so many milliseconds after it was opened. */
  readonly firstPage: (afterMs: number) => void;
  /** The dead man's switch was told that Vigil works. */
  readonly beaten: () => void;
}

/** What a worker counts. Labels are channels, outcomes and provider names: never an address, an id or content. */
export function createWorkerMetrics(guard: ProviderGuard): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const attempts = new Counter({
    name: 'vigil_page_attempts_total',
    help: 'Attempts to send a page or notice, by channel and by what came of it.',
    labelNames: ['channel', 'outcome'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'vigil_page_attempt_duration_seconds',
    help: 'Time that one attempt took, waiting for its place at the provider included.',
    labelNames: ['channel'] as const,
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers,
  });
  const circuits = new Gauge({
    name: 'vigil_provider_circuit_open',
    help: '1 while this worker makes no calls to the provider because they kept failing.',
    labelNames: ['provider'] as const,
    registers,
    collect: () => {
      circuits.reset();
      for (const { provider, circuit } of guard.states()) circuits.set({ provider }, circuit === 'closed' ? 0 : 1);
    },
  });
  const refused = new Gauge({
    name: 'vigil_provider_calls_refused',
    help: 'Calls that this worker did not make since its start: circuit open, retry budget spent, or no place free.',
    labelNames: ['provider'] as const,
    registers,
    collect: () => {
      refused.reset();
      for (const { provider, refused: count } of guard.states()) refused.set({ provider }, count);
    },
  });
  const firstPages = new Histogram({
    name: 'vigil_first_page_seconds',
    help: 'From the opening of an escalation of high urgency to its first page being out; holds and maintenance left out.',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    registers,
  });
  const beats = new Gauge({
    name: 'vigil_dead_mans_switch_last_beat_seconds',
    help: "When this worker last told the dead man's switch that Vigil works, in Unix time; 0 before, or where there is none.",
    registers,
  });
  return {
    registry,
    firstPage: (afterMs) => firstPages.observe(afterMs / 1_000),
    beaten: () => beats.setToCurrentTime(),
    observed: (channel) => ({
      ...channel,
      async send(message, signal) {
        const stop = durations.startTimer({ channel: channel.name });
        try {
          const outcome = await channel.send(message, signal);
          attempts.inc({ channel: channel.name, outcome: labelOf(outcome) });
          return outcome;
        } finally {
          stop();
        }
      },
    }),
  };
}

const labelOf = (outcome: SendOutcome): string =>
  (outcome.outcome === 'failed_transient' && outcome.refused) || outcome.outcome;
