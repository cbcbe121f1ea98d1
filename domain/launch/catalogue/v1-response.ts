import { dayMs, minuteMs } from '../../time.ts';
import {
  allOf,
  atLeast,
  atMost,
  both,
  everyTier,
  evidence,
  perTier,
  probe,
  requirement,
  signOff,
  upToT1,
  upToT2,
} from './row.ts';

/** Review, enforcement and resilience: people who decide, actions that work, and someone who wakes up. */
export const responseRequirements = [
  requirement({
    id: 'RE-01',
    title: 'Reviewers can carry the load',
    condition:
      'At the forecast’s 90th percentile the queue meets its target and reviewers are busy at most 85 % of the time.',
    verify: probe('review_capacity', atMost(0.85, 'share', 'occupancy in the busiest hour of the forecast')),
    owner: 'ops_lead',
    blocks: upToT2,
    dueDays: 10,
  }),
  requirement({
    id: 'RE-02',
    title: 'Cases reach the right queue',
    condition: 'A canary lands in the right queue with the right severity, skill and language, in time.',
    verify: probe('routing', allOf('canaries that landed as they should')),
    owner: 'ops_lead',
    dueDays: 7,
  }),
  requirement({
    id: 'RE-03',
    title: 'Reviewers agree with each other',
    condition:
      'The reviewer guide is live, calibration on at least 100 items reached a kappa of 0.70, and blind double review is set up.',
    verify: both(
      probe(
        'calibration',
        atLeast(0.7, 'kappa', 'agreement on calibration items', { minPopulation: 100, validForMs: 30 * dayMs }),
      ),
      evidence,
    ),
    owner: 'ops_lead',
    blocks: upToT2,
    dueDays: 7,
  }),
  requirement({
    id: 'RE-04',
    title: 'Enforcement was rehearsed',
    condition: 'On test accounts each action was applied twice with one effect, and reversed.',
    verify: probe(
      'enforcement_dry_run',
      allOf('actions that were applied once and reversed', { validForMs: 30 * dayMs }),
    ),
    owner: 'engineer',
    dueDays: 7,
  }),
  requirement({
    id: 'RE-05',
    title: 'People are told and can appeal',
    condition: 'Every action has a notice and a way to appeal, and legal approved the words.',
    verify: both(evidence, signOff('legal')),
    owner: 'policy',
    blocks: upToT2,
    dueDays: 14,
  }),
  requirement({
    id: 'RE-06',
    title: 'Mandatory reports can be made',
    condition: 'A test report was accepted, what was reported is held for a year, and legal agrees.',
    appliesTo: ['image', 'video', 'file', 'chat', 'minors'],
    verify: both(
      probe('mandatory_report', allOf('test reports that were accepted and preserved', { validForMs: 30 * dayMs })),
      signOff('legal'),
    ),
    owner: 'legal',
    dueDays: 14,
    unwaivableIn: everyTier,
  }),
  requirement({
    id: 'RE-07',
    title: 'Reviewers are protected',
    condition:
      'Content is hidden until asked for, exposure has a budget, sensitive work is opt-in, and breaks are timed.',
    verify: probe('reviewer_protection', allOf('review queues with every protection on')),
    owner: 'ops_lead',
    dueDays: 7,
  }),
  requirement({
    id: 'RS-01',
    title: 'The kill switch works',
    condition: 'Kill switch and cohort throttle were used in a drill and took effect within 5 minutes, 30 below T1.',
    verify: probe(
      'kill_switch',
      atMost(perTier(5 * minuteMs, 5 * minuteMs, 30 * minuteMs, 30 * minuteMs), 'ms', 'slowest effect in the drills', {
        validForMs: 30 * dayMs,
      }),
    ),
    owner: 'engineer',
    dueDays: 7,
    unwaivableIn: upToT1,
  }),
  requirement({
    id: 'RS-02',
    title: 'Every page has a runbook',
    condition:
      'The runbook of each urgent alert opens, was reviewed in the last 180 days, and names the first three steps.',
    verify: both(probe('runbooks', allOf('urgent alerts whose runbook opens and is up to date')), evidence),
    owner: 'oncall_manager',
    blocks: upToT2,
    dueDays: 10,
  }),
  requirement({
    id: 'RS-03',
    title: 'The rota is filled',
    condition: 'Primary and secondary are filled without a gap for launch and watch, and the ladder ends at a person.',
    verify: probe('rota_filled', atMost(0, 'ms', 'time without a person on call; the population counts shifts')),
    owner: 'oncall_manager',
    dueDays: 7,
  }),
  requirement({
    id: 'RS-04',
    title: 'A canary wakes a person',
    condition:
      'Three times in a row, once out of hours, a synthetic abuse event went through detector, queue and page to a person’s acknowledgement within 15 minutes.',
    verify: probe(
      'canary',
      atMost(15 * minuteMs, 'ms', 'slowest of the last canaries in a row, from event to acknowledgement', {
        minPopulation: 3,
        validForMs: perTier(dayMs, dayMs, 2 * dayMs, 14 * dayMs),
      }),
    ),
    owner: 'protection_scientist',
    blocks: upToT2,
    dueDays: 3,
  }),
  requirement({
    id: 'RS-05',
    title: 'Silence raises an alarm',
    condition: 'The detectors’ scheduler and the pager’s path each page when their heartbeat stops.',
    verify: probe('heartbeat', allOf('stopped heartbeats that paged', { minPopulation: 2, validForMs: 30 * dayMs })),
    owner: 'oncall_manager',
    dueDays: 7,
  }),
  requirement({
    id: 'RS-06',
    title: 'The worst cases were rehearsed',
    condition: 'A tabletop exercise was held for the two worst harms, and its actions are closed.',
    verify: evidence,
    owner: 'investigator',
    blocks: upToT1,
    dueDays: 10,
  }),
];
