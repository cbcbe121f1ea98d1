/** One line a step, with the time that it took; the table at the end repeats what each of them proved. */
export interface Progress {
  step<T>(title: string, work: () => Promise<T>, outcome: (value: T) => string): Promise<T>;
  readonly rows: readonly { readonly title: string; readonly seconds: number; readonly outcome: string }[];
}

export function createProgress(print: (line: string) => void): Progress {
  const rows: { title: string; seconds: number; outcome: string }[] = [];
  return {
    rows,
    async step(title, work, outcome) {
      const began = performance.now();
      print(`… ${title}`);
      try {
        const value = await work();
        const seconds = (performance.now() - began) / 1_000;
        rows.push({ title, seconds, outcome: outcome(value) });
        print(`✓ ${title} (${seconds.toFixed(1)} s): ${outcome(value)}`);
        return value;
      } catch (error) {
        print(`✗ ${title}: ${error instanceof Error ? error.message : String(error)}`);
        throw error;
      }
    },
  };
}

export function summaryTable({ rows }: Progress): string {
  const width = Math.max(...rows.map((row) => row.title.length));
  return rows
    .map((row) => `${row.title.padEnd(width)}  ${row.seconds.toFixed(1).padStart(6)} s  ${row.outcome}`)
    .join('\n');
}
