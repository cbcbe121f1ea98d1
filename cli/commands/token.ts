import { Option } from 'commander';
import type { Command } from 'commander';
import { readConfig } from '#config/env.ts';
import type { Context, Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import { exitCodes } from '../exit-codes.ts';
import { when } from '../text.ts';
import { writeToken } from '../token-files.ts';

interface Token {
  readonly id: string;
  readonly label: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

const forFile = new Option('--out <file>', 'write the token there, readable by you alone, instead of printing it');

export function registerTokens(program: Command, run: Run): void {
  const group = program.command('token').description('what lets people and services in');

  group
    .command('bootstrap')
    .description('the first administrator, straight in the database of VIGIL_DATABASE_URL; only while there is none')
    .option('--name <name>', 'how the person is called', 'Administrator')
    .option('--days <n>', 'how long the token works', readNumber, 30)
    .addOption(forFile)
    .action(
      run<{ name: string; days: number; out?: string }>(async (context, { name, days, out }) => {
        const config = readConfig(context.io.environment);
        // Loaded here alone: the other commands need no database.
        const { connectDatabase } = await import('#db/client.ts');
        const { createFirstAdmin } = await import('../bootstrap.ts');
        const db = connectDatabase({
          url: config.db.url.reveal(),
          size: 1,
          applicationName: 'vigil-bootstrap',
          statementTimeoutMs: config.db.statementTimeoutMs,
          onIdleError: () => undefined,
        });
        try {
          const admin = await createFirstAdmin(db, { name, days });
          if (admin === null) {
            context.io.err('vigil: there is an administrator already. Ask them for a token.\n');
            return exitCodes.refused;
          }
          handOver(context, admin, out);
          return exitCodes.done;
        } finally {
          await db.$client.end();
        }
      }),
    );

  group
    .command('create')
    .description('a new token, for oneself or, as an administrator, for another')
    .option('--principal <id>', 'whose; your own without it')
    .option('--label <text>', 'what it is for', 'made by vigil token create')
    .option('--days <n>', 'how long it works', readNumber, 90)
    .addOption(forFile)
    .action(
      run<{ principal?: string; label: string; days: number; out?: string }>(
        async (context, { principal, label, days, out }) => {
          const made = await context.api.post<Token & { token: string }>(await pathOf(context, principal), {
            label,
            days,
          });
          handOver(context, made, out);
        },
      ),
    );

  group
    .command('list')
    .description('tokens, without their secrets')
    .option('--principal <id>', 'whose; your own without it')
    .action(
      run<{ principal?: string }>(async (context, { principal }) => {
        const { api, output } = context;
        const rows = await api.list<Token>(await pathOf(context, principal));
        const columns = [
          { title: 'id', value: ({ id }: Token) => id },
          { title: 'created', value: ({ createdAt }: Token) => when(createdAt) },
          { title: 'expires', value: ({ expiresAt }: Token) => when(expiresAt) },
          { title: 'last used', value: ({ lastUsedAt }: Token) => when(lastUsedAt) },
          { title: 'revoked', value: ({ revokedAt }: Token) => when(revokedAt) },
          { title: 'label', value: ({ label }: Token) => label },
        ];
        output.show(rows, (items) => output.table(items, columns, 'No tokens.'));
      }),
    );

  group
    .command('revoke <token>')
    .description('stop a token from working')
    .option('--principal <id>', 'whose; your own without it')
    .action(
      run<{ principal?: string }>(async (context, { principal }, id) => {
        await context.api.delete(`${await pathOf(context, principal)}/${encodeURIComponent(id)}`);
        context.output.show({ id, status: 'revoked' }, () => `revoked: ${id}`);
      }),
    );
}

async function pathOf({ api }: Context, principal: string | undefined): Promise<string> {
  const id = principal ?? (await api.get<{ id: string }>('/v1/me')).id;
  return `/v1/principals/${encodeURIComponent(id)}/tokens`;
}

/** The secret goes to exactly one place: the file, or standard output, alone on its line. */
function handOver({ output }: Context, { token, ...more }: { token: string }, file: string | undefined): void {
  if (file === undefined) return output.show({ ...more, token }, () => token);
  writeToken(file, token);
  output.show({ ...more, file }, () => `the token is in ${file}`);
}
