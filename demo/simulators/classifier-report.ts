import { loadCorpus } from '#demo/feed/corpus.ts';
import { splitCorpus } from '#demo/feed/split.ts';
import { measureAccuracy } from './accuracy.ts';
import { scorer } from './bayes.ts';
import { loadModel, sampleOf } from './load-model.ts';

/**
 * Prints how good the classifier really is on the half of the corpus that it has not seen, at several thresholds; once
 * for all mails and once without those whose text stands word for word in the training half too.
 */
const model = await loadModel();
const score = scorer(model);
const { training, replay } = splitCorpus(await loadCorpus());
const all = replay.map(sampleOf);
const known = new Set(training.map((item) => sampleOf(item).text));
const unseen = all.filter((sample) => !known.has(sample.text));

console.log(`model ${model.name}, temperature ${model.temperature}`);
for (const [name, samples] of Object.entries({ all, unseen })) {
  console.table(
    [0.5, 0.8, 0.9, 0.95, 0.99].map((threshold) => ({
      set: name,
      threshold,
      ...measureAccuracy(samples, score, threshold),
    })),
  );
}
