import type { LogLevel, Logger } from '@temporalio/worker';
import type { Logger as Pino } from 'pino';

const levels: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The SDK's log lines through the process's own logger, one level quieter for what is news only to the SDK. */
export function toWorkerLogger(log: Pino): Logger {
  const write = (level: LogLevel, message: string, meta: object = {}) => {
    const quiet = level === 'INFO' ? 'debug' : levels[level];
    log[quiet]({ sdk: meta }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
