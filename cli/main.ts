import { text } from 'node:stream/consumers';
import { processEnvironment } from '#config/env.ts';
import type { Io } from './io.ts';
import { runCli } from './program.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

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

// The code is set, not forced: what was written reaches a slow pipe before the process ends.
const code = await runCli(process.argv.slice(2), io);
process.exitCode = stop.signal.aborted && code !== 0 ? 130 : code;
