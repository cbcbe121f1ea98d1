import { defineConfig } from 'vitest/config';

/** Plays the stories of the replay tests and keeps their histories under `.vigil/histories`: `npm run history:record-all`. */
export default defineConfig({
  test: {
    include: ['test/replay/record-histories.ts'],
    globalSetup: ['test/support/postgres-setup.ts', 'test/support/temporal-setup.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
