import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { UsageError } from '../io.ts';
import { personId } from '../keys.ts';
import { when } from '../text.ts';

interface ContactMethod {
  readonly id: string;
  readonly channel: string;
  readonly address: string;
  readonly verifiedAt: string | null;
  readonly disabledAt: string | null;
  readonly isUsable: boolean;
}
interface Notice {
  readonly id: string;
  readonly status: string;
  readonly errorCode: string | null;
  readonly settledAt: string | null;
}
interface Rule {
  readonly contactMethodId: string;
  readonly channel: string;
  readonly delayMinutes: number;
}
interface Of {
  readonly person: string;
}

const askEveryMs = 500;
/** Codes that an operator can mend, in words. */
const reasons: Readonly<Record<string, string>> = {
  channel_not_configured: 'channel_not_configured: the workers are not set up for this channel, see docs/operate.md',
};

/** How a person is reached: contact methods, the proof that each is theirs, tests, and notification rules. */
export function registerContacts(program: Command, run: Run): void {
  const group = program.command('contact').description('how you are reached: addresses, their proof, and tests');

  ofPerson(group.command('list').description('contact methods, and whether pages go to them')).action(
    run<Of>(async (context, of) => {
      const { api, output } = context;
      const { items } = await api.get<{ items: readonly ContactMethod[] }>(await pathOf(context, of));
      const enabled = items.filter(({ disabledAt }) => disabledAt === null);
      const columns = [
        { title: 'id', value: ({ id }: ContactMethod) => id },
        { title: 'channel', value: ({ channel }: ContactMethod) => channel },
        { title: 'address', value: ({ address }: ContactMethod) => address },
        { title: 'used', value: ({ isUsable }: ContactMethod) => (isUsable ? 'yes' : 'not before it is verified') },
      ];
      output.show(enabled, (rows) => output.table(rows, columns, 'No contact methods: add one.'));
    }),
  );

  ofPerson(
    group
      .command('add <channel> <address>')
      .description(
        'email ann@example.org, sms +447700900123, voice +447700900123, chat U024BE7LH, webhook https://…, ' +
          "or console NAME: a line of the worker's log, for a first look",
      ),
  ).action(
    run<Of>(async (context, of, channel, address) => {
      const { api, output } = context;
      const added = await api.post<ContactMethod>(await pathOf(context, of), { channel, address });
      output.show(added, ({ id, isUsable }) =>
        output.fields([
          ['contact method', id],
          ['next', isUsable ? `vigil contact test ${id}` : `vigil contact verify ${id}`],
        ]),
      );
    }),
  );

  ofPerson(
    group
      .command('verify <contact> [code]')
      .description('send a code there; with the code that came, prove that it is yours'),
  ).action(
    run<Of>(async (context, of, id, code) => {
      if (code !== undefined) return confirm(context, of, id, code);
      const path = `${await pathOf(context, of)}/${encodeURIComponent(id)}`;
      return follow(context, path, await context.api.post<Notice>(`${path}/verifications`), (notice) =>
        notice.status === 'failed' ? undefined : `vigil contact confirm ${id} <code>`,
      );
    }),
  );

  ofPerson(group.command('confirm <contact> <code>').description('type back the code that came')).action(
    run<Of>(confirm),
  );

  ofPerson(
    group.command('test <contact>').description('send a page that is marked as a test, and say what came of it'),
  ).action(
    run<Of>(async (context, of, id) => {
      const path = `${await pathOf(context, of)}/${encodeURIComponent(id)}`;
      return follow(context, path, await context.api.post<Notice>(`${path}/tests`), () => undefined);
    }),
  );

  ofPerson(group.command('remove <contact>').description('nothing is sent there any more')).action(
    run<Of>(async (context, of, id) => {
      await context.api.delete(`${await pathOf(context, of)}/${encodeURIComponent(id)}`);
      context.output.show({ id }, () => `removed: ${id}`);
    }),
  );

  registerRules(program, run);
}

function registerRules(program: Command, run: Run): void {
  const group = program.command('rules').description('when each of your contact methods is used');

  ofPerson(group.command('list').description('rules for high and for low urgency')).action(
    run<Of>(async (context, of) => {
      const rules = [];
      for (const urgency of ['high', 'low']) {
        const path = `/v1/persons/${await personId(context.api, of.person)}/notification-rules/${urgency}`;
        const { rules: own } = await context.api.get<{ rules: readonly Rule[] }>(path);
        rules.push(...own.map((rule) => ({ urgency, ...rule })));
      }
      const columns = [
        { title: 'urgency', value: ({ urgency }: { urgency: string }) => urgency },
        { title: 'after', value: ({ delayMinutes }: Rule) => `${delayMinutes} min` },
        { title: 'channel', value: ({ channel }: Rule) => channel },
        { title: 'contact method', value: ({ contactMethodId }: Rule) => contactMethodId },
      ];
      context.output.show(rules, (rows) => context.output.table(rows, columns, 'No rules: you are not paged.'));
    }),
  );

  ofPerson(
    group
      .command('set <urgency> <contacts...>')
      .description('in place of those of high or low: each a contact method, with +N after it used after N minutes'),
  ).action(
    // Commander hands over the rest of the arguments as one list.
    run<Of>(async (context, of, urgency, ...rest) => {
      const path = `/v1/persons/${await personId(context.api, of.person)}/notification-rules/${encodeURIComponent(urgency)}`;
      const rules = rest.flat().map(readRule);
      const set = await context.api.put<{ rules: readonly Rule[] }>(path, { rules });
      context.output.show(set, ({ rules: now }) =>
        now.map(({ channel, delayMinutes }) => `${channel} after ${delayMinutes} min`).join('\n'),
      );
    }),
  );
}

const ofPerson = (command: Command): Command =>
  command.option('--person <id>', 'whose; an on-call manager may name others', 'me');

const pathOf = async ({ api }: Context, { person }: Of): Promise<string> =>
  `/v1/persons/${encodeURIComponent(await personId(api, person))}/contact-methods`;

async function confirm(context: Context, of: Of, id: string, code: string): Promise<void> {
  const path = `${await pathOf(context, of)}/${encodeURIComponent(id)}/verifications/confirmations`;
  const method = await context.api.post<ContactMethod>(path, { code });
  context.output.show(method, ({ verifiedAt }) => `verified: ${when(verifiedAt)}`);
}

/** Waits, as long as the caller does, for what became of a message; a failed one is a failure of the command. */
async function follow(
  context: Context,
  path: string,
  asked: Notice,
  next: (notice: Notice) => string | undefined,
): Promise<number> {
  const until = Date.now() + context.globals.wait * 1_000;
  let notice = asked;
  while (notice.settledAt === null && Date.now() < until) {
    await delay(askEveryMs, undefined, { signal: context.io.stopping });
    const { items } = await context.api.get<{ items: readonly Notice[] }>(`${path}/notices`);
    notice = items.find(({ id }) => id === asked.id) ?? notice;
  }
  context.output.show(notice, (shown) =>
    context.output.fields([
      ['message', shown.id],
      ['status', shown.settledAt === null ? `${shown.status}: it goes on by itself` : shown.status],
      ['because', shown.errorCode === null ? undefined : (reasons[shown.errorCode] ?? shown.errorCode)],
      ['next', next(shown)],
    ]),
  );
  return notice.status === 'failed' ? exitCodes.refused : exitCodes.done;
}

/** `cmt_…` or `cmt_…+5`. */
function readRule(text: string): { readonly contactMethodId: string; readonly delayMinutes: number } {
  const [, contactMethodId, minutes = '0'] = /^(cmt_[0-9a-f]{32})(?:\+(\d{1,5}))?$/.exec(text) ?? [];
  if (contactMethodId === undefined) throw new UsageError(`"${text}" is not a contact method: cmt_… or cmt_…+5`);
  return { contactMethodId, delayMinutes: Number(minutes) };
}
