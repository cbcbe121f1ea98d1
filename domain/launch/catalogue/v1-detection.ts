import { dayMs } from '../../time.ts';
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

/** Detection: detectors that are documented, tried, measured and known to run. */
export const detectionRequirements = [
  requirement({
    id: 'DT-01',
    title: 'Detectors are documented and reviewed',
    condition: 'Each detector’s document has all ten sections, and another protection scientist approved it.',
    verify: both(
      probe(
        'detector_documents',
        allOf('sections of the detectors’ documents that are written', { minPopulation: 10 }),
      ),
      signOff('protection_scientist'),
    ),
    owner: 'protection_scientist',
    blocks: upToT2,
    dueDays: 21,
  }),
  requirement({
    id: 'DT-02',
    title: 'Fixtures behave as expected',
    condition:
      'Each critical detector has at least 20 positive, 20 benign and 5 evasive fixtures, and every one gives what it should.',
    verify: probe(
      'fixtures',
      allOf('fixtures that gave what they should', { minPopulation: 45, validForMs: 30 * dayMs }),
    ),
    owner: 'protection_scientist',
    dueDays: 14,
  }),
  requirement({
    id: 'DT-03',
    title: 'Detectors ran in shadow',
    condition:
      'Detectors ran unseen on beta or sibling traffic, 14 days for T0 and 7 below, with volumes inside the forecast band.',
    verify: probe(
      'shadow_run',
      allOf('days of the shadow run with volumes inside the band', {
        minPopulation: perTier(14, 7, 7, 7),
        minWindowMs: perTier(14 * dayMs, 7 * dayMs, 7 * dayMs, 7 * dayMs),
      }),
    ),
    owner: 'protection_scientist',
    blocks: upToT1,
    dueDays: 7,
  }),
  requirement({
    id: 'DT-04',
    title: 'Detectors are as precise as their level claims',
    condition: 'The lower bound of each detector’s precision meets the target of its harm and maturity.',
    verify: probe(
      'precision',
      atLeast(1, 'share', 'detectors whose bound meets its target; the population counts labelled alerts', {
        minPopulation: 50,
      }),
      true,
    ),
    owner: 'protection_scientist',
    blocks: upToT2,
    dueDays: 7,
  }),
  requirement({
    id: 'DT-05',
    title: 'What detectors miss is bounded',
    condition:
      'Items below the threshold were sampled and labelled, 300 for T0 and 100 below, and the upper bound of misses is recorded.',
    verify: probe(
      'miss_sample',
      atLeast(perTier(300, 100, 100, 100), 'count', 'labelled items from below the threshold'),
    ),
    owner: 'protection_scientist',
    blocks: upToT1,
    dueDays: 7,
  }),
  requirement({
    id: 'DT-06',
    title: 'Known material is recognised on every path',
    condition: 'A vendor’s test hash is matched on every path on which media is uploaded or generated.',
    appliesTo: ['image', 'video', 'file'],
    verify: probe('hash_match', allOf('upload and generation paths on which the test hash was matched')),
    owner: 'engineer',
    dueDays: 14,
    unwaivableIn: everyTier,
  }),
  requirement({
    id: 'DT-07',
    title: 'The main languages are evaluated',
    condition: 'Detection was evaluated in the top languages of the launch, or the gap is accepted.',
    verify: evidence,
    owner: 'protection_scientist',
    blocks: upToT1,
    dueDays: 10,
  }),
  requirement({
    id: 'DT-08',
    title: 'Evasion was tried',
    condition:
      'An exercise tried obfuscation, translation, role-play, splitting over turns and changing accounts, and its findings are recorded.',
    verify: evidence,
    owner: 'investigator',
    blocks: upToT1,
    dueDays: 10,
  }),
  requirement({
    id: 'DT-09',
    title: 'Detectors run without gaps',
    condition: 'In seven days no detector missed more than two intervals, and alarms for silence and volume are armed.',
    verify: probe(
      'detector_health',
      atMost(0, 'count', 'detectors with a gap or an alarm that is not armed, among all detectors', {
        minWindowMs: 7 * dayMs,
      }),
    ),
    owner: 'protection_scientist',
    dueDays: 7,
  }),
];
