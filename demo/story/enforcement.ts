import { expectThat, until } from './world.ts';
import type { World } from './world.ts';

interface PlatformEntry {
  readonly type: string;
  readonly changed?: boolean;
  readonly operation?: string;
  readonly target?: { readonly ref: string };
  readonly orderId?: string;
  readonly mode?: string;
}
interface Order {
  readonly id: string;
  readonly accountRef: string;
  readonly status: string;
}

/** Makes the platform do the next suspension and lose the answer: the caller cannot know that it was carried out. */
export async function loseOneAnswer(world: World): Promise<void> {
  await fault(world, { mode: 'lost_after_success', times: 1, route: '/enforcement/actions' });
}

/** Step 4: each ordered account was suspended exactly once, was told so, and is free again at the end of its time. */
export async function followEnforcement(
  world: World,
  accounts: readonly string[],
): Promise<{ applied: number; lifted: number; lostAnswers: number }> {
  const orders = await until(
    'every order is lifted',
    async () => {
      const all = await world.as('ops-lead').list<Order>('/v1/enforcement-orders');
      const own = all.filter((order) => accounts.includes(order.accountRef));
      return own.length >= accounts.length && own.every((order) => order.status === 'lifted') ? own : null;
    },
    120_000,
  );
  const entries = await platformLog(world);
  for (const order of orders) {
    const effects = entries.filter(
      (entry) => entry.type === 'action' && entry.changed === true && entry.orderId === order.id,
    );
    const count = (operation: string) => effects.filter((entry) => entry.operation === operation).length;
    expectThat(count('apply') === 1, `order ${order.id} was applied exactly once`, effects);
    expectThat(count('reverse') === 1, `order ${order.id} was lifted exactly once`, effects);
  }
  const lostAnswers = entries.filter((entry) => entry.type === 'fault' && entry.mode === 'lost_after_success').length;
  expectThat(lostAnswers >= 1, 'the platform lost an answer after success');
  for (const order of orders) {
    const account = (await (await fetch(`${world.simulators.platform.url}/accounts/${order.accountRef}`)).json()) as {
      restrictions: readonly unknown[];
    };
    expectThat(account.restrictions.length === 0, 'the account is free again', account);
  }
  return { applied: orders.length, lifted: orders.length, lostAnswers };
}

export async function platformLog(world: World): Promise<readonly PlatformEntry[]> {
  const { records } = (await (await fetch(`${world.simulators.platform.url}/log`)).json()) as {
    records: readonly PlatformEntry[];
  };
  return records;
}

async function fault(world: World, body: object): Promise<void> {
  const response = await fetch(`${world.simulators.platform.url}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expectThat(response.ok, 'the platform takes the fault', response.status);
}
