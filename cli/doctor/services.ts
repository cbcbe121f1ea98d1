import type { Config } from '#config/env.ts';
import { fail, messageOf, ok, warn } from './check.ts';
import type { Check } from './check.ts';

const answerWithinMs = 5_000;

interface Readiness {
  readonly status?: string;
  readonly failing?: readonly string[];
}

/** The API, as it sees itself and what it needs. */
export async function checkApi(apiUrl: string): Promise<Check> {
  try {
    const response = await fetch(new URL('/readyz', apiUrl), { signal: AbortSignal.timeout(answerWithinMs) });
    const { status, failing = [] } = (await response.json()) as Readiness;
    if (status === 'degraded') {
      return fail('api', `${apiUrl} keeps what it takes, but is late: ${failing.join(', ')}`, 'See the other checks.');
    }
    if (response.ok) return ok('api', `${apiUrl} is ready`);
    return fail(
      'api',
      `${apiUrl} is not ready: ${failing.join(', ') || response.status}`,
      'See the other checks, and the log of the API.',
    );
  } catch (error) {
    return fail(
      'api',
      `${apiUrl} does not answer: ${messageOf(error instanceof Error && error.cause ? error.cause : error)}`,
      'Start the API, or correct VIGIL_API_URL.',
    );
  }
}

/** The worker, by its own health address where that is known; whether it does its work is told by the task queues. */
export async function checkWorker({ api, worker }: Config): Promise<Check> {
  if (worker.healthPort === 0) {
    return warn(
      'worker',
      'its health address is not known',
      'Set VIGIL_WORKER_HEALTH_PORT, so that it can be watched.',
    );
  }
  const url = `http://${api.host}:${worker.healthPort}/livez`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs) });
    await response.body?.cancel();
    return response.ok
      ? ok('worker', `${url} is alive`)
      : fail('worker', `${url} answers ${response.status}`, 'Look at the log of the worker.');
  } catch (error) {
    return fail(
      'worker',
      `${url} does not answer: ${messageOf(error instanceof Error && error.cause ? error.cause : error)}`,
      'Start the worker.',
    );
  }
}
