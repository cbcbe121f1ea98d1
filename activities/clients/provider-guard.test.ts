import { describe, expect, it } from 'vitest';
import type { ShownStatus } from '#domain/escalation/shown.ts';
import type { PageMessage, PagerChannel, SendOutcome } from './pager-channels.ts';
import { createProviderGuard, guarded, guardedMirror } from './provider-guard.ts';
import type { ProviderGuardOptions, ProviderState } from './provider-guard.ts';
import type { StatusMirror } from './status-mirror.ts';

const sent: SendOutcome = { outcome: 'sent' };
const notTaken: SendOutcome = { outcome: 'failed_transient', retryAfterMs: null };

function underTest(options: Partial<ProviderGuardOptions> = {}) {
  const changes: ProviderState[] = [];
  let at = 0;
  const guard = createProviderGuard({
    now: () => at,
    failuresToOpen: 2,
    longestWaitMs: 20,
    onChange: (state) => changes.push(state),
    ...options,
  });
  const times = async (count: number, outcome: SendOutcome, provider = 'p') => {
    for (let index = 0; index < count; index++) await guard.send(provider, 1, async () => outcome);
  };
  return { guard, changes, times, pass: (ms: number) => (at += ms) };
}

/** A call that is answered when the test says so. */
function pending() {
  let answer: (outcome: SendOutcome) => void = () => undefined;
  const call = () => new Promise<SendOutcome>((resolve) => (answer = resolve));
  return { call, answer: (outcome: SendOutcome) => answer(outcome) };
}

describe('the guard of a provider', () => {
  it('passes on what the channel says', async () => {
    const { guard, changes } = underTest();
    expect(await guard.send('p', 1, async () => sent)).toBe(sent);
    expect(changes).toEqual([]);
  });

  it('makes no call while the circuit is open, says when to ask again, and lets the other providers be', async () => {
    const { guard, changes, times } = underTest();
    await times(2, notTaken);
    let calls = 0;
    expect(await guard.send('p', 1, async () => (calls++, sent))).toEqual({
      outcome: 'failed_transient',
      retryAfterMs: 5_000,
      refused: 'circuit_open',
    });
    expect(calls).toBe(0);
    expect(await guard.send('other', 1, async () => sent)).toBe(sent);
    expect(changes).toMatchObject([{ provider: 'p', circuit: 'open', failuresInRow: 2, retryAfterMs: 5_000 }]);
  });

  it('closes again after a trial that went well, and tells of both', async () => {
    const { guard, changes, times, pass } = underTest();
    await times(2, { outcome: 'unknown' });
    pass(5_000);
    await guard.send('p', 4, async () => sent);
    expect(changes.map(({ circuit }) => circuit)).toEqual(['open', 'closed']);
  });

  it('holds a refusal of one message against nobody', async () => {
    const { guard, changes, times } = underTest();
    await times(5, { outcome: 'failed_permanent', code: 'gone' });
    expect(await guard.send('p', 1, async () => sent)).toBe(sent);
    expect(changes).toEqual([]);
  });

  it('lets retries be paid for, and first attempts go', async () => {
    const { guard } = underTest({ capacity: 1, failuresToOpen: 100 });
    await guard.send('p', 2, async () => notTaken);
    expect(await guard.send('p', 3, async () => sent)).toMatchObject({ refused: 'retry_budget_spent' });
    expect(await guard.send('p', 1, async () => sent)).toBe(sent);
  });

  it('gives a slow provider no more places than it may take, and hands a free one to who waited longest', async () => {
    const { guard } = underTest({ mostInFlight: 2, longestWaitMs: 60_000 });
    const [first, second] = [pending(), pending()];
    const running = [guard.send('slow', 1, first.call), guard.send('slow', 1, second.call)];
    const order: string[] = [];
    const third = guard.send('slow', 1, async () => (order.push('third'), sent));
    const fourth = guard.send('slow', 1, async () => (order.push('fourth'), sent));
    expect(await guard.send('quick', 1, async () => sent)).toBe(sent);
    expect(order).toEqual([]);
    first.answer(sent);
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third', 'fourth']);
    second.answer(sent);
    await Promise.all(running);
  });

  it('refuses a call that found no place in time, which is no failure of the provider', async () => {
    const { guard } = underTest({ mostInFlight: 1 });
    const slow = pending();
    const running = guard.send('slow', 1, slow.call);
    expect(await guard.send('slow', 1, async () => sent)).toMatchObject({ refused: 'busy', retryAfterMs: 20 });
    slow.answer(sent);
    await running;
    expect(guard.states()).toMatchObject([{ provider: 'slow', refused: 1, circuit: 'closed', failuresInRow: 0 }]);
    expect(await guard.send('slow', 1, async () => sent)).toBe(sent);
  });

  it('gives its place back when the call breaks', async () => {
    const { guard } = underTest({ mostInFlight: 1 });
    await expect(guard.send('p', 1, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled');
    expect(await guard.send('p', 1, async () => sent)).toBe(sent);
  });

  it('forgets the idle provider that was longest not called', async () => {
    const { guard } = underTest();
    for (let index = 0; index < 1_001; index++) await guard.send(`host-${index}`, 1, async () => sent);
    const known = guard.states().map(({ provider }) => provider);
    expect(known).toHaveLength(1_000);
    expect(known).not.toContain('host-0');
  });
});

it('leaves a mirror that fails alone, and no page with it', async () => {
  const { guard } = underTest();
  let calls = 0;
  const mirror: StatusMirror = {
    kind: 'chat',
    show: () => Promise.resolve({ outcome: 'failed_transient', code: `try_${++calls}`, retryAfterMs: null }),
  };
  const behind = guardedMirror(mirror, guard);
  const status = {} as ShownStatus;
  const target = { target: 'C1:1.1', page: null };
  await behind.show(status, target);
  expect(await behind.show(status, target)).toMatchObject({ code: 'try_2' });
  expect(await behind.show(status, target)).toEqual({
    outcome: 'failed_transient',
    code: 'circuit_open',
    retryAfterMs: expect.any(Number),
  });
  expect(calls).toBe(2);
  const slack: PagerChannel = { name: 'chat', provider: () => 'slack', send: async () => sent };
  expect(await guarded(slack, guard).send({} as PageMessage)).toBe(sent);
});

it('keeps the hosts of one channel apart', async () => {
  const { guard } = underTest();
  const channel: PagerChannel = {
    name: 'webhook',
    provider: (address) => `webhook ${new URL(address).host}`,
    send: async ({ address }) => (address.includes('down') ? notTaken : sent),
  };
  const behind = guarded(channel, guard);
  const to = (address: string) => behind.send({ address } as PageMessage);
  await to('https://down.example.com/a');
  await to('https://down.example.com/b');
  expect(await to('https://down.example.com/c')).toMatchObject({ refused: 'circuit_open' });
  expect(await to('https://up.example.com/a')).toBe(sent);
});
