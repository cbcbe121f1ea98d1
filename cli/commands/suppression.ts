import type { Command } from 'commander';
import { addCondition, conditionText } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import type { Run } from '../context.ts';
import { readInstant } from '../instants.ts';
import { idOf } from '../keys.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';

interface Rule {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  readonly ownerId: string;
  readonly serviceId: string | null;
  readonly integrationId: string | null;
  readonly conditions: readonly Condition[];
  readonly expiresAt: string;
  readonly endedAt: string | null;
  readonly suppressed?: { readonly alerts: number; readonly keys: number };
}
interface Kept {
  readonly dedupKey: string;
  readonly severity: number;
  readonly title: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

const path = '/v1/suppression-rules';
const own = (id: string): string => `${path}/${encodeURIComponent(id)}`;

export function registerSuppression(program: Command, run: Run): void {
  const group = program.command('suppression').description('rules by which alerts are counted and page nobody');

  group
    .command('list')
    .description('rules, newest first')
    .option('--live', 'only those that work now', false)
    .action(
      run<{ live: boolean }>(async ({ api, output }, { live }) => {
        const rules = await api.list<Rule>(path, live ? { live: 'true' } : {});
        const nameOf = output.isJson
          ? (id: string) => id
          : await namesOf(
              api,
              rules.map(({ ownerId }) => ownerId),
            );
        const columns = [
          { title: 'id', value: ({ id }: Rule) => id },
          { title: 'name', value: ({ name }: Rule) => name },
          { title: 'owner', value: ({ ownerId }: Rule) => nameOf(ownerId) },
          { title: 'until', value: ({ endedAt, expiresAt }: Rule) => when(endedAt ?? expiresAt) },
          { title: 'alerts kept quiet', value: ({ suppressed }: Rule) => suppressed?.alerts ?? 0 },
        ];
        output.show(rules, (rows) => output.table(rows, columns, 'No rules.'));
      }),
    );

  group
    .command('show <rule>')
    .description('what it says, and what it has kept quiet, by key')
    .action(
      run(async ({ api, output }, _options, id) => {
        const rule = await api.get<Rule>(own(id));
        const alerts = await api.list<Kept>(`${own(id)}/suppressed-alerts`);
        const columns = [
          { title: 'key', value: ({ dedupKey }: Kept) => dedupKey },
          { title: 'times', value: ({ count }: Kept) => count },
          { title: 'severity', value: ({ severity }: Kept) => severity },
          { title: 'title', value: ({ title }: Kept) => title },
          { title: 'last', value: ({ lastAt }: Kept) => when(lastAt) },
        ];
        output.show({ ...rule, alerts }, () =>
          [textOf(rule), output.table(alerts, columns, 'It has kept nothing quiet.')].join('\n\n'),
        );
      }),
    );

  group
    .command('create <name>')
    .description('from now until a time, at most 90 days ahead; the name says why')
    .requiredOption('--team <id-or-key>', 'whose alerts')
    .requiredOption('--when <condition>', 'label=value, label!=value, label~pat*, or a label; repeatable', addCondition)
    .requiredOption('--until <time>', 'an instant, or from now: 4h')
    .option('--service <id-or-key>', 'only of this service')
    .option('--integration <id>', 'only what this sender reports')
    .option('--owner <person>', 'who answers for it; you, when left out')
    .action(
      run<{
        team: string;
        when: readonly Condition[];
        until: string;
        service?: string;
        integration?: string;
        owner?: string;
      }>(async ({ api, output }, options, name) => {
        const { team, when: conditions, until, service, integration, owner } = options;
        const rule = await api.post<Rule>(path, {
          name,
          teamId: await idOf(api, 'team', team),
          conditions,
          expiresAt: readInstant(until, Date.now()),
          ...(service === undefined ? {} : { serviceId: await idOf(api, 'service', service) }),
          ...(integration === undefined ? {} : { integrationId: integration }),
          ...(owner === undefined ? {} : { ownerId: owner }),
        });
        output.show(rule, textOf);
      }),
    );

  group
    .command('change <rule>')
    .description('another end, owner or name')
    .option('--until <time>', 'an instant, or from now: 4h')
    .option('--owner <person>', 'who answers for it from now on')
    .option('--name <text>', 'why it is quiet')
    .action(
      run<{ until?: string; owner?: string; name?: string }>(async ({ api, output }, { until, owner, name }, id) => {
        const { value, etag } = await api.read<Rule>(own(id));
        const { serviceId, integrationId, conditions } = value;
        const body = {
          serviceId,
          integrationId,
          conditions,
          name: name ?? value.name,
          ownerId: owner ?? value.ownerId,
          expiresAt: until === undefined ? value.expiresAt : readInstant(until, Date.now()),
        };
        output.show(await api.put<Rule>(own(id), body, etag), textOf);
      }),
    );

  group
    .command('end <rule>')
    .description('now: what comes next is paged')
    .action(
      run(async ({ api, output }, _options, id) => {
        output.show(await api.post<Rule>(`${own(id)}/endings`), (rule) => `ended: ${rule.id}`);
      }),
    );
}

const textOf = ({ id, name, conditions, expiresAt, endedAt, suppressed }: Rule): string =>
  [
    `${id}: ${name}`,
    `  when ${conditions.map(conditionText).join(', ')}`,
    `  until ${when(endedAt ?? expiresAt)}`,
    ...(suppressed === undefined ? [] : [`  has kept quiet ${suppressed.alerts} alerts of ${suppressed.keys} keys`]),
  ].join('\n');
