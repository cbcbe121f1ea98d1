interface Shared {
  users: number;
  readonly value: Promise<{ stop(): Promise<void> }>;
}

/**
 * Gives all test projects of one run the same server: vitest runs a global setup once per project and loads it anew each
 * time, so module state is not shared, but the process is. The last project to let go stops it.
 */
export async function shared<T extends { stop(): Promise<void> }>(
  name: string,
  start: () => Promise<T>,
): Promise<{ value: T; release: () => Promise<void> }> {
  const key = Symbol.for(`vigil.test.${name}`);
  const registry = globalThis as { [key: symbol]: Shared | undefined };
  const entry: Shared = (registry[key] ??= { users: 0, value: start() });
  entry.users += 1;
  const value = (await entry.value) as T;
  const release = async (): Promise<void> => {
    entry.users -= 1;
    if (entry.users > 0) return;
    registry[key] = undefined;
    await value.stop();
  };
  return { value, release };
}
