import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { genesisHash } from '#domain/audit/event.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import type { Transition } from '#domain/audit/transition.ts';
import type { Json } from '#domain/json.ts';
import { hashAuditEvent } from '#db/audit-chain.ts';
import { buildBundle, bundleSha256, bundleText } from './audit-bundle.ts';
import type { Bundle, RunHistory } from './audit-bundle.ts';
import type { Chain } from './audit-chains.ts';
import { verifyBundle } from './audit-verify.ts';

const launch = { kind: 'launch', id: 'lch_1' };
const order = { kind: 'enforcement', id: 'enf_1' };

const transition = (version: number): Transition => ({
  version,
  at: 1_000 * version,
  event: { type: version === 1 ? 'opened' : 'hold', by: { kind: 'person', id: 'per_1', roles: [] } },
  state: { version, holds: version },
  effects: [],
  actor: { kind: 'person', id: 'per_1', roles: [] },
  cause: `cmd_${version}`,
  requestId: null,
});

/** A chain as the database writes it: three versions, a refusal between them. */
function chainOf(aggregate: { kind: string; id: string }): Chain {
  const plain = (seq: number, version: number | null, data: Json): AuditEvent => ({
    id: `aud_${seq}`,
    aggregateKind: aggregate.kind,
    aggregateId: aggregate.id,
    seq,
    version,
    at: new Date(seq * 1_000).toISOString(),
    actorKind: 'person',
    actorId: 'per_1',
    actorRoles: ['launch_owner'],
    action: `${aggregate.kind}.${version === null ? 'advanceStage.refused' : 'moved'}`,
    reason: version === null ? 'launch.gate_shut' : null,
    cause: null,
    requestId: 'req_1',
    workflowId: `${aggregate.kind}:${aggregate.id}`,
    runId: 'run-1',
    data,
    prevHash: '',
    hash: '',
  });
  const recorded = ({ at, event, state, effects }: Transition): Json => ({ at, event, state, effects });
  return rehashed(aggregate, [
    plain(1, 1, recorded(transition(1))),
    plain(2, null, { detail: {} }),
    plain(3, 2, recorded(transition(2))),
    plain(4, 3, recorded(transition(3))),
  ]);
}

/** The events with hashes that fit: what somebody would write who forges a whole chain. */
function rehashed(aggregate: Chain['aggregate'], events: readonly AuditEvent[]): Chain {
  let prevHash = genesisHash;
  const linked = events.map((event) => {
    const hash = hashAuditEvent({ ...event, prevHash });
    const whole = { ...event, prevHash, hash };
    prevHash = hash;
    return whole;
  });
  return { aggregate, events: linked, head: { seq: linked.length, hash: prevHash } };
}

function historyOf({ kind, id }: { kind: string; id: string }): RunHistory {
  const scheduled = (transitions: readonly Transition[]) => ({
    activityTaskScheduledEventAttributes: {
      activityType: { name: 'recordTransitions' },
      input: { payloads: [{ data: Buffer.from(JSON.stringify({ transitions })).toString('base64') }] },
    },
  });
  const history = {
    events: [
      { workflowExecutionStartedEventAttributes: { continuedExecutionRunId: '' } },
      scheduled([transition(1)]),
      scheduled([transition(2), transition(3)]),
    ],
  };
  return { workflowId: `${kind}:${id}`, runId: 'run-1', history };
}

const whole = (change: Partial<Parameters<typeof buildBundle>[0]> = {}): Bundle =>
  buildBundle({
    root: launch,
    exportedAt: '2026-01-01T00:00:00.000Z',
    chains: [chainOf(launch), chainOf(order)],
    histories: [historyOf(launch), historyOf(order)],
    leftOut: [],
    ...change,
  });

const replay = (runs: readonly RunHistory[]) => Promise.resolve(runs.map(() => null));
const verify = (bundle: Bundle | string, more: object = {}) =>
  verifyBundle(typeof bundle === 'string' ? bundle : bundleText(bundle), { replay, ...more });
const codes = async (bundle: Bundle | string) => (await verify(bundle)).faults.map(({ code }) => code);

describe('a bundle', () => {
  it('verifies as it was exported', async () => {
    expect(await verify(whole())).toMatchObject({ chains: 2, events: 8, histories: 2, faults: [] });
  });

  it('is found changed, whichever byte of it changed', async () => {
    const text = bundleText(whole());
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: text.length - 1 }), fc.integer({ min: 32, max: 126 }), async (place, byte) => {
        const changed = text.slice(0, place) + String.fromCodePoint(byte) + text.slice(place + 1);
        fc.pre(changed !== text);
        expect((await verify(changed)).faults).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect((await verify(text.trimEnd())).faults).toMatchObject([{ code: 'form' }]);
  });

  it('tells which event was changed, also when the manifest was made to fit', async () => {
    const chain = chainOf(order);
    const events = chain.events.map((event) => (event.seq === 3 ? { ...event, actorId: 'per_2' } : event));
    const { faults } = await verify(whole({ chains: [chainOf(launch), { ...chain, events }] }));
    expect(faults).toContainEqual(expect.objectContaining({ code: 'chain_hash', aggregate: order, seq: 3 }));
  });

  it('finds an event that was deleted, and an end that was cut off', async () => {
    const chain = chainOf(launch);
    const without = { ...chain, events: chain.events.filter(({ seq }) => seq !== 2) };
    expect((await verify(whole({ chains: [without] }))).faults[0]).toMatchObject({ code: 'chain_hole', seq: 2 });
    const short = { ...chain, events: chain.events.slice(0, 3) };
    expect((await verify(whole({ chains: [short] }))).faults[0]).toMatchObject({ code: 'chain_hole', seq: 4 });
  });

  it('finds a chain that was forged with all its hashes, by the history of its workflow', async () => {
    const forged = chainOf(launch).events.map((event) =>
      event.version === 2 ? { ...event, data: { ...(event.data as object), state: { version: 2, holds: 0 } } } : event,
    );
    const { faults } = await verify(whole({ chains: [rehashed(launch, forged)] }));
    expect(faults).toMatchObject([{ code: 'record_differs', aggregate: launch, seq: 3 }]);
    const invented = [...chainOf(launch).events, { ...chainOf(launch).events[3]!, seq: 5, version: 4 }];
    expect((await verify(whole({ chains: [rehashed(launch, invented)] }))).faults).toMatchObject([
      { code: 'record_missing', seq: 5 },
    ]);
  });

  it('says nothing of versions whose runs are no longer kept', async () => {
    const late = historyOf(launch);
    const history = { events: [{ workflowExecutionStartedEventAttributes: { continuedExecutionRunId: 'run-0' } }] };
    expect(await codes(whole({ histories: [{ ...late, history }] }))).toEqual([]);
  });

  it('tells of a part that is missing, added, or under another name', async () => {
    const bundle = whole();
    const { 'chain/enforcement/enf_1': chain, ...rest } = bundle.parts;
    expect(await codes({ ...bundle, parts: rest })).toContain('part_missing');
    expect(await codes({ ...bundle, parts: { ...bundle.parts, extra: chain! } })).toEqual(
      expect.arrayContaining(['part_unlisted', 'foreign']),
    );
    expect(await codes(whole({ chains: [{ ...chainOf(launch), aggregate: order }] }))).toContain('foreign');
  });

  it('names the history that the code does not lead to', async () => {
    const failing = (runs: readonly RunHistory[]) =>
      Promise.resolve(runs.map(({ workflowId }) => (workflowId === 'launch:lch_1' ? 'nondeterminism' : null)));
    expect((await verify(whole(), { replay: failing })).faults).toMatchObject([
      { code: 'replay', part: 'history/launch:lch_1/run-1', aggregate: launch },
    ]);
  });

  it('is told apart from one that was replaced as a whole', async () => {
    const text = bundleText(whole());
    expect((await verify(text, { expectedSha256: bundleSha256(text) })).faults).toEqual([]);
    const other = bundleText(whole({ chains: [chainOf(order)] }));
    expect((await verify(other, { expectedSha256: bundleSha256(text) })).faults).toMatchObject([{ code: 'replaced' }]);
  });

  it.each([
    '',
    '{}',
    'null',
    '[]',
    '{"manifest":{"format":"vigil-audit-bundle/1"}}',
    '{"manifest":{"format":"other"},"parts":{}}',
  ])('is not mistaken for %j', async (text) => {
    expect(await verify(text)).toMatchObject({ manifest: null, faults: [{ code: 'form' }] });
  });
});
