import { defineConfig } from 'vitest/config';

const slow = { testTimeout: 60_000, hookTimeout: 120_000 };

/** Each kind of test is a project of its own, so that it runs alone by name: `npm run test:db`. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // What a file imports stays for the next ones of its process: by far the most of their time went into imports.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{domain,config,gateway,activities,api,cli,demo,scripts,db,worker,bench}/**/*.test.ts'],
          // Of properties over thousands of cases, on a machine that does other things too.
          testTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], testTimeout: 300_000 } },
      {
        extends: true,
        test: {
          name: 'db',
          include: ['test/db/**/*.test.ts'],
          globalSetup: ['test/support/postgres-setup.ts'],
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts'],
          globalSetup: ['test/support/postgres-setup.ts'],
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: 'workflow',
          include: ['test/workflow/**/*.test.ts'],
          globalSetup: ['test/support/postgres-setup.ts', 'test/support/temporal-setup.ts'],
          ...slow,
          testTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'replay', include: ['test/replay/**/*.test.ts'], ...slow } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // A process each, two at a time: a whole stack alone leaves three quarters of two cores idle.
          isolate: true,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
