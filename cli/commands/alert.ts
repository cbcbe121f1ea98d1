import type { Command } from 'commander';
import type { Json } from '#domain/json.ts';
import type { Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import { UsageError } from '../io.ts';
import { idOf } from '../keys.ts';

interface Accepted {
  readonly escalationId: string | null;
  readonly disposition: string;
}

interface Sent {
  readonly service: string;
  readonly dedupKey: string;
}

export function registerAlerts(program: Command, run: Run): void {
  const group = program.command('alert').description('report by hand what no machine saw');

  group
    .command('send')
    .description('open an escalation, or add to the open one of the same key')
    .requiredOption('--service <id-or-key>', 'what it is about')
    .requiredOption('--dedup-key <key>', 'what makes alerts one')
    .requiredOption('--severity <n>', '1 is the worst, 4 the least', readNumber)
    .requiredOption('--title <text>', 'what is shown to those who are paged')
    .option('--details <file>', 'more as a JSON object; - reads standard input')
    .action(
      run<Sent & { severity: number; title: string; details?: string }>(
        async (context, { service, details, ...alert }) => {
          const { api, output } = context;
          const more = details === undefined ? undefined : await context.document(details);
          if (more !== undefined && !isObject(more)) throw new UsageError('the details must be a JSON object');
          const body = { action: 'trigger', ...alert, details: more };
          const accepted = await api.post<Accepted>(`/v1/services/${await idOf(api, 'service', service)}/alerts`, body);
          output.show(accepted, ({ escalationId, disposition }) => `${disposition}: ${escalationId}`);
        },
      ),
    );

  group
    .command('resolve')
    .description('it is over')
    .requiredOption('--service <id-or-key>', 'what it is about')
    .requiredOption('--dedup-key <key>', 'as it was sent')
    .action(
      run<Sent>(async ({ api, output }, { service, dedupKey }) => {
        const accepted = await api.post<Accepted>(`/v1/services/${await idOf(api, 'service', service)}/alerts`, {
          action: 'resolve',
          dedupKey,
        });
        output.show(accepted, ({ escalationId }) =>
          escalationId === null ? 'nothing was open' : `resolved: ${escalationId}`,
        );
      }),
    );
}

const isObject = (value: Json): boolean => value !== null && typeof value === 'object' && !Array.isArray(value);
