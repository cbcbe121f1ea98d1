import type { Bench } from '../bench.ts';
import type { Report } from '../figures.ts';
import { ackRaces } from './ack-races.ts';
import { heartbeats } from './heartbeats.ts';
import { intake } from './intake.ts';
import { kills } from './kills.ts';
import { liveLadders } from './live-ladders.ts';
import { providers } from './providers.ts';
import { returnOfWorkers } from './return.ts';

/** A scenario that has a Vigil of its own, because it fills or breaks it. */
export interface LongScenario {
  readonly name: string;
  readonly what: string;
  run(bench: Bench, seed: number): Promise<Report>;
}

const minute = 60_000;

export const longScenarios: readonly LongScenario[] = [
  { name: 'intake', what: 'alerts of one key, of 50 keys, and 1,500 distinct a second', run: intake },
  { name: 'ladders-1000', what: 'paging with 1,000 live ladders', run: (bench) => liveLadders(bench, 1_000) },
  { name: 'ladders-5000', what: 'paging with 5,000 live ladders', run: (bench) => liveLadders(bench, 5_000) },
  {
    name: 'ack-races',
    what: '1,000 acknowledgements against a due page',
    run: (bench, seed) => ackRaces(bench, 1_000, seed),
  },
  {
    name: 'return',
    what: 'workers and Temporal away for 5 min, 1,000 rungs due',
    run: (bench) => returnOfWorkers(bench, 1_000, 5 * minute),
  },
  { name: 'heartbeats', what: '1,000 monitors whose beats stop at once', run: (bench) => heartbeats(bench, 1_000) },
  { name: 'kills', what: '50 kills under load', run: (bench, seed) => kills(bench, 50, seed) },
  { name: 'providers', what: 'a provider in four kinds of trouble', run: (bench) => providers(bench, 30) },
];
