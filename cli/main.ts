import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { processEnvironment } from '#config/env.ts';
import type { Io } from './io.ts';
import { runCli } from './program.ts';

const stop = new AbortController();
let received: NodeJS.Signals | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    received = signal;
    stop.abort();
  });
}

const io: Io = {
  environment: processEnvironment,
  out: (written) => void process.stdout.write(written),
  err: (written) => void process.stderr.write(written),
  readInput: () => text(process.stdin),
  columns: process.stdout.isTTY ? process.stdout.columns : null,
  stopping: stop.signal,
};

// `head` and the like close the pipe early; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const code = await runCli(process.argv.slice(2), io);
// What was broken off ends with the customary code of its signal, unless it has one already.
// The code is set, not forced: what was written reaches a slow pipe before the process ends.
process.exitCode = received !== null && code > 0 && code < 128 ? 128 + constants.signals[received] : code;
