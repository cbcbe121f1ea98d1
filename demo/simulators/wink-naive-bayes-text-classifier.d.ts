/** The part of the library that is used here; it ships no types. */
declare module 'wink-naive-bayes-text-classifier' {
  interface NaiveBayes {
    defineConfig(config: { considerOnlyPresence: boolean; smoothingFactor: number }): boolean;
    definePrepTasks(tasks: readonly ((text: string) => readonly string[])[]): number;
    learn(text: string, label: string): boolean;
    consolidate(): boolean;
    /** Labels with the base-2 logarithm of their odds, highest first; `[['unknown', 0]]` when no word is known. */
    computeOdds(text: string): [label: string, odds: number][];
    exportJSON(): string;
    importJSON(json: string): boolean;
  }
  export default function naiveBayes(): NaiveBayes;
}
