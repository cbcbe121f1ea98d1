import { hash } from 'node:crypto';
import naiveBayes from 'wink-naive-bayes-text-classifier';

type TextLabel = 'spam' | 'ham';

export interface Sample {
  readonly text: string;
  readonly label: TextLabel;
}

/** A trained model as plain JSON. */
export interface Model {
  /** Names the contents: another training set or setting gives another name. */
  readonly name: string;
  readonly learnings: string;
  /** Divides the log odds, which naive Bayes overstates because words are not independent. */
  readonly temperature: number;
  /** Share of spam among the training samples: the score of a text without one known word. */
  readonly prior: number;
}

export interface Score {
  readonly score: number;
  readonly label: TextLabel;
}

/** 0.5 is the value of the library's documentation; it was not tuned on the corpus. */
const config = { considerOnlyPresence: true, smoothingFactor: 0.5 };
/** Bounds the work on one text. */
const maxTokens = 2_000;
/** Every fifth sample is held out to find the temperature. */
const heldOutEvery = 5;
const temperatures = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64] as const;

/**
 * Distinct words of a text, in lower case, and the marks that advertising likes.
 *
 * Each starts with a dot: the library keeps counts in plain objects after a reload, where the word "constructor" would
 * be found as a function.
 */
export function tokenize(text: string): string[] {
  const words = text.toLowerCase().match(/\p{L}[\p{L}\p{N}'-]{1,24}|[!$%]{1,3}/gu) ?? [];
  return [...new Set(words.slice(0, maxTokens))].map((word) => `.${word}`);
}

/** Trains on all samples, after finding the temperature on a fifth of them. Throws when a label has no sample. */
export function trainModel(samples: readonly Sample[]): Model {
  const heldOut = samples.filter((_, position) => position % heldOutEvery === 0);
  const rest = samples.filter((_, position) => position % heldOutEvery !== 0);
  const odds = oddsOf(learn(rest));
  const measured = heldOut.map((sample) => ({ odds: odds(sample.text) ?? 0, isSpam: sample.label === 'spam' }));
  const losses = temperatures.map((temperature) => ({ temperature, loss: logLoss(measured, temperature) }));
  const best = losses.reduce((a, b) => (b.loss < a.loss ? b : a));

  const learnings = learn(samples).exportJSON();
  const prior = samples.filter((sample) => sample.label === 'spam').length / samples.length;
  const contents = { learnings, temperature: best.temperature, prior };
  return { name: `naive-bayes-${hash('sha256', JSON.stringify(contents), 'hex').slice(0, 12)}`, ...contents };
}

/** Returns the scoring function of a model: the estimated probability that a text is spam, 0 to 1, and the likelier label. */
export function scorer(model: Model): (text: string) => Score {
  const classifier = naiveBayes();
  classifier.definePrepTasks([tokenize]);
  classifier.importJSON(model.learnings);
  classifier.consolidate();
  const odds = oddsOf(classifier);
  return (text) => {
    const found = odds(text);
    const score = found === null ? model.prior : probability(found, model.temperature);
    return { score, label: score > 0.5 ? 'spam' : 'ham' };
  };
}

type Classifier = ReturnType<typeof naiveBayes>;

function learn(samples: readonly Sample[]): Classifier {
  const classifier = naiveBayes();
  classifier.defineConfig(config);
  classifier.definePrepTasks([tokenize]);
  for (const sample of samples) classifier.learn(sample.text, sample.label);
  classifier.consolidate();
  return classifier;
}

/** Base-2 log odds of spam; null when no word of the text is known. */
function oddsOf(classifier: Classifier): (text: string) => number | null {
  return (text) => {
    const [label, odds] = classifier.computeOdds(text)[0] ?? ['unknown', 0];
    if (label === 'unknown') return null;
    return label === 'spam' ? odds : -odds;
  };
}

const probability = (odds: number, temperature: number): number => 1 / (1 + 2 ** (-odds / temperature));

function logLoss(measured: readonly { odds: number; isSpam: boolean }[], temperature: number): number {
  const losses = measured.map(({ odds, isSpam }) => {
    const p = probability(odds, temperature);
    return -Math.log(Math.max(isSpam ? p : 1 - p, 1e-12));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
