import type { Sample, Score } from './bayes.ts';

/** What a detector found in a labelled set. `precision` and `recall` are null when their population is empty. */
export interface Accuracy {
  readonly items: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly precision: number | null;
  readonly recall: number | null;
}

/** Counts a text as found when its score is over the threshold. */
export function measureAccuracy(
  samples: readonly Sample[],
  score: (text: string) => Score,
  threshold: number,
): Accuracy {
  const judged = samples.map((sample) => ({
    isSpam: sample.label === 'spam',
    isFound: score(sample.text).score > threshold,
  }));
  const count = (isSpam: boolean, isFound: boolean): number =>
    judged.filter((item) => item.isSpam === isSpam && item.isFound === isFound).length;
  const [truePositives, falsePositives, falseNegatives] = [count(true, true), count(false, true), count(true, false)];
  return {
    items: samples.length,
    truePositives,
    falsePositives,
    falseNegatives,
    precision: share(truePositives, truePositives + falsePositives),
    recall: share(truePositives, truePositives + falseNegatives),
  };
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
