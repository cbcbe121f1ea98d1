import path from 'node:path';
import { cached, sourceFingerprint } from '#demo/cache.ts';
import { corpusVersion, loadCorpus, versionOf } from '#demo/feed/corpus.ts';
import type { CorpusItem } from '#demo/feed/corpus.ts';
import { maskText } from '#demo/feed/mask.ts';
import { splitCorpus } from '#demo/feed/split.ts';
import { trainModel } from './bayes.ts';
import type { Model, Sample } from './bayes.ts';

/** What the classifier reads: the same masked text that the product will send it. */
export const sampleOf = (item: CorpusItem): Sample => ({ text: maskText(item.text).trim(), label: item.label });

/** The model trained on the training half of the corpus; from the cache unless the corpus, the split or the code changed. */
export async function loadModel(): Promise<Model> {
  const feed = path.join(import.meta.dirname, '..', 'feed');
  const sources = [path.join(import.meta.dirname, 'bayes.ts'), path.join(feed, 'mask.ts'), path.join(feed, 'split.ts')];
  const key = [...corpusVersion(), versionOf('wink-naive-bayes-text-classifier'), sourceFingerprint(sources)];
  return await cached('model', key, async () => {
    const { training } = splitCorpus(await loadCorpus());
    return trainModel(training.map(sampleOf));
  });
}
