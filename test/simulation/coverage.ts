/** Counts what simulated runs came across, to assert that the interesting happens at all and to print how often. */
export class Coverage {
  private readonly counts = new Map<string, Map<string, number>>();

  see(topic: string, ...names: readonly string[]): void {
    const topicCounts = this.counts.get(topic) ?? new Map<string, number>();
    this.counts.set(topic, topicCounts);
    for (const name of names) topicCounts.set(name, (topicCounts.get(name) ?? 0) + 1);
  }

  /** Those of the names that were never seen. */
  missing(topic: string, names: readonly string[]): string[] {
    return names.filter((name) => !this.counts.get(topic)?.has(name));
  }

  /** One line a topic, the rarest first. */
  toString(): string {
    return [...this.counts]
      .map(([topic, counts]) => {
        const rarestFirst = [...counts].sort((a, b) => a[1] - b[1]);
        return `${topic} (${counts.size}): ${rarestFirst.map(([name, count]) => `${name} ${count}`).join(', ')}`;
      })
      .join('\n');
  }
}
