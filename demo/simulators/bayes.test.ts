import { describe, expect, it } from 'vitest';
import { loadCorpus } from '#demo/feed/corpus.ts';
import { splitCorpus } from '#demo/feed/split.ts';
import { measureAccuracy } from './accuracy.ts';
import { scorer, tokenize, trainModel } from './bayes.ts';
import type { Model, Sample } from './bayes.ts';
import { sampleOf } from './load-model.ts';

const samples: Sample[] = Array.from({ length: 20 }, (_, n) => [
  { text: `buy cheap pills now ${n}`, label: 'spam' as const },
  { text: `constructor of the patch in my tree ${n}`, label: 'ham' as const },
]).flat();

describe('tokenize', () => {
  it('gives distinct lower-case words of two letters and more, and marks', () => {
    expect(tokenize("Don't BUY buy $$$ a 123 now!!")).toEqual([".don't", '.buy', '.$$$', '.now', '.!!']);
  });
});

describe('scorer', () => {
  it('tells the two kinds apart, also after a round trip through JSON', () => {
    const model = trainModel(samples);
    const score = scorer(JSON.parse(JSON.stringify(model)) as Model);
    expect(score('cheap pills')).toMatchObject({ label: 'spam' });
    expect(score('cheap pills').score).toBeGreaterThan(0.9);
    expect(score('a patch')).toMatchObject({ label: 'ham' });
    expect(score('a patch').score).toBeLessThan(0.1);
  });

  it('gives a number for words that are names in every object', () => {
    const { score } = scorer(trainModel(samples))('constructor __proto__ toString hasOwnProperty');
    expect(score).toBeGreaterThanOrEqual(0);
    expect(score).toBeLessThan(0.5);
  });

  it('gives the share of spam for a text it knows nothing of', () => {
    const mostlyHam = [...samples.slice(0, 20), ...samples.filter((sample) => sample.label === 'ham')];
    for (const text of ['', 'zzz', '123']) {
      expect(scorer(trainModel(mostlyHam))(text)).toEqual({ score: 10 / 40, label: 'ham' });
    }
  });
});

describe('trainModel', () => {
  it('gives the same name for the same samples and another for others', () => {
    expect(trainModel(samples).name).toBe(trainModel(samples).name);
    expect(trainModel(samples.slice(2)).name).not.toBe(trainModel(samples).name);
  });

  it('throws when there is only one label', () => {
    expect(() => trainModel(samples.filter((sample) => sample.label === 'spam'))).toThrow();
  });

  it('finds at least nine in ten on the unseen half of the corpus, with at most one in twenty wrong', async () => {
    const { training, replay } = splitCorpus(await loadCorpus());
    const score = scorer(trainModel(training.map(sampleOf)));
    // Measured: precision 0.982, recall 0.962.
    const measured = measureAccuracy(replay.map(sampleOf), score, 0.5);
    expect(measured.items).toBe(3_023);
    expect(measured.precision).toBeGreaterThan(0.95);
    expect(measured.recall).toBeGreaterThan(0.9);
  }, 60_000);
});

describe('measureAccuracy', () => {
  it('counts, and has no share of nothing', () => {
    const score = (text: string) => ({ score: Number(text), label: 'ham' as const });
    const labelled: Sample[] = [
      { text: '0.9', label: 'spam' },
      { text: '0.8', label: 'ham' },
      { text: '0.1', label: 'spam' },
      { text: '0.2', label: 'ham' },
      { text: '0.7', label: 'spam' },
    ];
    expect(measureAccuracy(labelled, score, 0.5)).toEqual({
      items: 5,
      truePositives: 2,
      falsePositives: 1,
      falseNegatives: 1,
      precision: 2 / 3,
      recall: 2 / 3,
    });
    expect(measureAccuracy([], score, 0.5)).toMatchObject({ precision: null, recall: null });
  });
});
