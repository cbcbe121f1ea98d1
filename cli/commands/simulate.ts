import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import type { Severity } from '#domain/severity.ts';
import { hourMs, minuteMs } from '#domain/time.ts';
import type { Context, Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import { exitCodes } from '../exit-codes.ts';
import { readZonedInstant } from '../instants.ts';
import { UsageError } from '../io.ts';
import { idOf } from '../keys.ts';
import { asAnswered } from '../simulate/answer.ts';
import type { SimulationAnswer } from '../simulate/answer.ts';
import { simulationText } from '../simulate/text.ts';

interface Options {
  readonly policy: string;
  readonly at: string;
  readonly zone: string;
  readonly severity: number;
  readonly hours: number;
  readonly silent?: readonly string[];
  readonly ack?: readonly string[];
  readonly durable: boolean;
}

interface Plan {
  readonly at: string;
  readonly severity: number;
  readonly hours: number;
  readonly acknowledgements: readonly { readonly personId: string; readonly afterMinutes: number }[];
  readonly silentIds: readonly string[] | null;
}

export function registerSimulate(program: Command, run: Run): void {
  program
    .command('simulate')
    .description('who would be paged when, by which way and why; sends nothing and writes nothing')
    .requiredOption('--policy <id-or-key>', 'the escalation policy')
    .requiredOption('--at <time>', 'when the alert comes: what the clock shows as 2026-12-27T03:10, an instant, or 8h')
    .option('--zone <zone>', 'whose clock, for --at and for what is printed', 'UTC')
    .option('--severity <n>', '1 is the worst, 4 the least', readNumber, 1)
    .option('--hours <n>', 'how long to look on', readNumber, 6)
    .option('--silent <person...>', 'who sleeps through it: everybody else answers a minute after their first page')
    .option('--ack <person@minutes...>', 'who acknowledges when, counted from the alert')
    .option('--durable', 'by the workflow itself, on the Temporal server at TEMPORAL_ADDRESS', false)
    .addHelpText('after', '\nWithout --silent and --ack nobody answers, and the whole ladder is shown.')
    .action(
      run<Options>(async (context, options) => {
        const { api, output } = context;
        const path = `/v1/escalation-policies/${await idOf(api, 'escalation policy', options.policy)}/simulations`;
        const plan = await planOf(context, path, options);
        const answer = await api.post<SimulationAnswer>(path, { ...plan, withSnapshot: options.durable });
        const code = options.durable ? await compare(context, plan, answer) : exitCodes.done;
        const { snapshot: _snapshot, ...shown } = answer;
        const schedules = output.isJson ? new Map<string, string>() : await schedulesOf(context, answer);
        const nameOfSchedule = (id: string) => schedules.get(id) ?? id;
        output.show(shown, () => simulationText(answer, { zone: options.zone, nameOfSchedule }, output));
        return code;
      }),
    );
}

async function planOf({ api }: Context, path: string, options: Options): Promise<Plan> {
  const at = readZonedInstant(options.at, options.zone, Date.now());
  const { severity, hours } = options;
  const acks = (options.ack ?? []).map(readAck);
  const named = [...(options.silent ?? []), ...acks.map(({ person }) => person)];
  const bare = { at, severity, hours: 0 };
  const { people } = named.every(isId) ? { people: [] } : await api.post<SimulationAnswer>(path, bare);
  const idOfPerson = (text: string): string => {
    if (isId(text)) return text;
    const found = people.filter(({ name }) => name.toLowerCase() === text.toLowerCase());
    if (found[0] && found.length === 1) return found[0].id;
    const whom = people.map(({ name }) => name).join(', ');
    throw new UsageError(`the policy can page nobody, or more than one, called "${text}": there are ${whom}`);
  };
  return {
    at,
    severity,
    hours,
    acknowledgements: acks.map(({ person, afterMinutes }) => ({ personId: idOfPerson(person), afterMinutes })),
    silentIds: options.silent === undefined ? null : options.silent.map(idOfPerson),
  };
}

const isId = (text: string): boolean => /^per_[0-9a-f]{32}$/.test(text);

function readAck(text: string): { person: string; afterMinutes: number } {
  const [, person, minutes] = /^(.+)@(\d{1,4}(?:\.\d+)?)$/.exec(text) ?? [];
  if (person === undefined) throw new UsageError(`${text} is no acknowledgement: give it as Ann@12`);
  return { person, afterMinutes: Number(minutes) };
}

/** Runs the same plan by the workflow and says whether it pages the same. */
async function compare({ io, output }: Context, plan: Plan, answer: SimulationAnswer) {
  if (answer.snapshot === undefined) throw new Error('the API answered no snapshot');
  const { simulateByWorkflow } = await import('../simulate/by-workflow.ts');
  const byWorkflow = await simulateByWorkflow(io.environment, answer.snapshot, {
    at: Date.parse(plan.at),
    forMs: Math.round(plan.hours * hourMs),
    severity: plan.severity as Severity,
    silentIds: plan.silentIds,
    acknowledgements: plan.acknowledgements.map(({ personId, afterMinutes }) => ({
      personId,
      afterMs: Math.round(afterMinutes * minuteMs),
    })),
  });
  const pages = asAnswered(byWorkflow);
  if (isDeepStrictEqual(pages, answer.pages)) {
    output.remark(`the workflow itself led to the same ${pages.length} pages`);
    return exitCodes.done;
  }
  io.err(`vigil: the workflow itself pages otherwise: ${JSON.stringify(pages)}\n`);
  return exitCodes.unexpected;
}

/** The keys of the schedules that had a say. */
async function schedulesOf({ api }: Context, { steps }: SimulationAnswer): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(
    steps.flatMap(({ fact }) =>
      fact.what === 'paged' && fact.source.scheduleId !== undefined ? [fact.source.scheduleId] : [],
    ),
  );
  const rows = await Promise.all([...ids].map((id) => api.get<{ id: string; key: string }>(`/v1/schedules/${id}`)));
  return new Map(rows.map(({ id, key }) => [id, key]));
}
