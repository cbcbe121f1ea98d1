import { dayMs, hourMs, minuteMs } from '../../time.ts';
import {
  allOf,
  atMost,
  both,
  each,
  everyTier,
  evidence,
  perTier,
  probe,
  requirement,
  signOff,
  upToT1,
  upToT2,
} from './row.ts';

/** Data: what detectors and reviewers can see, how soon and how completely. */
export const dataRequirements = [
  requirement({
    id: 'DA-01',
    title: 'The event schema is registered',
    condition:
      'Events carry actor, account age, capability, model version, content reference, tool call, locale and time, and the schema is registered.',
    verify: probe(
      'event_schema',
      allOf('required fields that the registered schema has', { minPopulation: 8, validForMs: 90 * dayMs }),
    ),
    owner: 'data_engineer',
    dueDays: 28,
  }),
  requirement({
    id: 'DA-02',
    title: 'Events arrive in time',
    condition: 'Over at least a day, 95 of 100 events arrive within the delay that the tier allows.',
    verify: probe(
      'freshness',
      atMost(
        perTier(5 * minuteMs, 15 * minuteMs, 60 * minuteMs, dayMs),
        'ms',
        '95th percentile of the delay of events',
        {
          minPopulation: 30,
          minWindowMs: dayMs,
        },
      ),
    ),
    owner: 'data_engineer',
    dueDays: 14,
  }),
  requirement({
    id: 'DA-03',
    title: 'Events are complete',
    condition:
      'Over three days the rows differ from the product’s own counter by no more than 0.5 % (2 % below T1), at most 1 % of required fields are empty, and 99 % join to an account.',
    verify: probe(
      'completeness',
      atMost(perTier(0.005, 0.005, 0.02, 0.02), 'share', 'rows by which the store differs from the counter', {
        minPopulation: 100,
        minWindowMs: 3 * dayMs,
      }),
    ),
    owner: 'data_engineer',
    blocks: upToT2,
    dueDays: 14,
  }),
  requirement({
    id: 'DA-04',
    title: 'Content can be reviewed as long as it is needed',
    condition:
      'Content stays available for review and appeal; surfaces that keep none name the signal that makes up for it; legal agrees.',
    verify: both(evidence, signOff('legal')),
    owner: 'data_engineer',
    blocks: upToT1,
    dueDays: 21,
  }),
  requirement({
    id: 'DA-05',
    title: 'Access to sensitive content is least privilege',
    condition: 'Only those who need it can open sensitive content, every access is logged, and break-glass was tried.',
    verify: both(
      probe('content_access', allOf('accesses to sensitive content that a role allowed and the log holds')),
      evidence,
    ),
    owner: 'data_engineer',
    dueDays: 14,
    unwaivableIn: everyTier,
  }),
  requirement({
    id: 'DA-06',
    title: 'A day of events can be replayed',
    condition: 'All events of 24 hours run through the detectors again within four hours.',
    verify: probe(
      'event_replay',
      atMost(4 * hourMs, 'ms', 'time that the replay of the events took', {
        minWindowMs: each(dayMs),
        validForMs: 30 * dayMs,
      }),
    ),
    owner: 'data_engineer',
    blocks: upToT1,
    dueDays: 10,
  }),
];
