import type { Bench } from '../bench.ts';
import type { Report } from '../figures.ts';
import { scaled } from '../run.ts';
import type { Run } from '../run.ts';
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
  run(bench: Bench, run: Run): Promise<Report>;
}

export const longScenarios: readonly LongScenario[] = [
  { name: 'intake', what: 'alerts of one key, of 50 keys, and 1,500 distinct a second', run: intake },
  {
    name: 'ladders-1000',
    what: 'paging with up to 1,000 live ladders',
    run: (bench, run) => liveLadders(bench, 1_000, run),
  },
  {
    name: 'ladders-5000',
    what: 'paging with up to 5,000 live ladders',
    run: (bench, run) => liveLadders(bench, 5_000, run),
  },
  {
    name: 'ack-races',
    what: '1,000 acknowledgements against a due page',
    run: (bench, run) => ackRaces(bench, scaled(run, 1_000, 50), run.seed),
  },
  { name: 'return', what: 'workers and Temporal away for 5 min, 1,000 rungs due', run: returnOfWorkers },
  { name: 'heartbeats', what: '1,000 monitors whose beats stop at once', run: heartbeats },
  { name: 'kills', what: '50 kills under load', run: (bench, run) => kills(bench, scaled(run, 50, 4), run.seed) },
  {
    name: 'providers',
    what: 'a provider in four kinds of trouble',
    run: (bench, run) => providers(bench, scaled(run, 30, 3)),
  },
];
