import { tapLink } from './tap-link.ts';
import { expectThat, until } from './world.ts';
import type { World } from './world.ts';
import type { PersonKey } from '../setup.ts';

export interface PageRecord {
  readonly seq: number;
  readonly at: string | number;
  readonly contact: string;
  readonly page: {
    readonly deliveryId: string;
    readonly escalationId: string;
    readonly kind: string;
    readonly title: string;
    readonly ackUrl: string | null;
  };
}
interface Escalation {
  readonly id: string;
  readonly status: string;
  readonly title: string;
  readonly severity: number;
  readonly isDrill: boolean;
  readonly deliveries: readonly {
    readonly personId: string;
    readonly kind: string;
    readonly status: string;
    readonly startedAt: string;
  }[];
}

/** Waits for a page on a phone, as its owner would. */
export const nextPage = (
  world: World,
  who: PersonKey,
  kind: string,
  is: (record: PageRecord) => boolean,
  withinMs = 120_000,
): Promise<PageRecord> =>
  until(
    `a ${kind} on the phone of ${who}`,
    async () => (await pagesOf(world, who)).find((record) => record.page.kind === kind && is(record)),
    withinMs,
  );

export async function pagesOf(world: World, who: PersonKey): Promise<readonly PageRecord[]> {
  const { records } = (await (await fetch(`${world.simulators.phones.url}/log?contact=${who}`)).json()) as {
    records: readonly PageRecord[];
  };
  return records.filter((record) => record.page !== undefined);
}

export const escalationOf = (world: World, id: string): Promise<Escalation> =>
  world.as('oncall-manager').get<Escalation>(`/v1/escalations/${id}`);

/** Step 5a: the severity 1 finding pages rung 1, whose phone stays silent, and then rung 2. */
export async function watchLadder(world: World): Promise<{ escalationId: string; secondsBetween: number }> {
  const first = await nextPage(world, 'rung-1', 'page', ({ page }) => page.title.includes('sensitive harm'));
  const { escalationId } = first.page;
  const second = await nextPage(world, 'rung-2', 'page', ({ page }) => page.escalationId === escalationId);
  const { title } = second.page;
  expectThat(!/weapon|alive/.test(title), 'a page about sensitive harm carries no content', title);
  return { escalationId, secondsBetween: (new Date(second.at).getTime() - new Date(first.at).getTime()) / 1_000 };
}

/** Step 5b: a person acknowledges by the command line; after that nobody is paged for it any more. */
export async function acknowledgeByCli(world: World, escalationId: string): Promise<number> {
  await world.cli('rung-2', 'escalation', 'ack', escalationId);
  const { status, deliveries } = await escalationOf(world, escalationId);
  expectThat(status === 'acknowledged', 'the acknowledgement is read where it was written', status);
  return deliveries.filter((delivery) => delivery.kind !== 'resolved').length;
}

/** Step 5c: deciding the case resolves its escalation, and no page left after the acknowledgement. */
export async function expectQuietAndResolved(world: World, escalationId: string, pagesAtAck: number): Promise<void> {
  const resolved = await until('the escalation is resolved by its source', async () => {
    const escalation = await escalationOf(world, escalationId);
    return escalation.status === 'resolved' ? escalation : null;
  });
  const pages = resolved.deliveries.filter((delivery) => delivery.kind !== 'resolved');
  expectThat(pages.length === pagesAtAck, 'no page left after the acknowledgement', pages);
}

/** Acknowledges drills as they arrive, as the person on call would: by the link in the page. Returns how many. */
export async function acknowledgeDrills(world: World, count: number): Promise<number> {
  const done = new Set<string>();
  await until(
    `${count} drills are paged and acknowledged`,
    async () => {
      for (const record of await pagesOf(world, 'rung-1')) {
        const { kind, escalationId, ackUrl } = record.page;
        if (kind !== 'drill' || ackUrl === null || done.has(escalationId)) continue;
        done.add(escalationId);
        await tapLink(ackUrl);
      }
      return done.size >= count;
    },
    120_000,
  );
  return done.size;
}
