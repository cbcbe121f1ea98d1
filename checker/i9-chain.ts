import canonicalize from 'canonicalize';
import { eventHash, genesis } from './chain-hash.ts';
import type { Ladder } from './escalation-state.ts';
import type { Chain, Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { nameOf, stepsOf } from './history.ts';
import type { Launch } from './launch-state.ts';
import type { Order } from './order-state.ts';
import type { CaseRow, EscalationRow, HeadRow, HeartbeatRow, LaunchRow, OrderRow, ProjectionRow } from './rows.ts';

const needs = ['chains', 'events', 'launch rows', 'case rows', 'enforcement rows', 'escalation rows', 'canary rows'];

/** I9: the audit chain verifies, and the projections are what it says. */
export const chainVerifies: PromiseCheck = {
  promise: 'I9',
  title: 'the audit chain verifies; projections can be rebuilt from it',
  needs,
  check(facts) {
    const found = new Findings('I9', needs);
    const heads = new Map(facts.heads.map((head) => [`${head.aggregate_kind} ${head.aggregate_id}`, head]));
    for (const chain of facts.chains) checkChain(chain, heads.get(nameOf(chain)), found);
    checkHeads(facts, found);
    checkProjections(facts, found);
    return found;
  },
};

/** Only the first bad place of a chain is named: everything after it may follow from it. */
function checkChain(chain: Chain, head: HeadRow | undefined, found: Findings): void {
  found.saw('chains');
  let previous = genesis;
  for (const [index, event] of chain.events.entries()) {
    found.saw('events');
    const fault =
      (event.seq !== index + 1 && `event ${index + 1} is missing`) ||
      (event.prev_hash !== previous && `event ${event.seq} does not follow the one before it`) ||
      (eventHash(event) !== event.hash && `event ${event.seq} was changed`);
    if (fault) {
      found.breach(nameOf(chain), fault, event.at);
      return;
    }
    previous = event.hash;
  }
  const versions = chain.events.flatMap(({ version }) => version ?? []);
  const end = { seq: chain.events.length, hash: previous, version: versions.at(-1) ?? 0 };
  if (head === undefined) found.breach(nameOf(chain), 'its chain has no head');
  else if (head.seq !== end.seq || head.hash !== end.hash || head.version !== end.version) {
    found.breach(nameOf(chain), `its chain ends at ${end.seq}, and its head says ${head.seq}`);
  }
}

function checkHeads({ chains, heads }: Facts, found: Findings): void {
  const known = new Set(chains.map(nameOf));
  for (const head of heads) {
    const name = `${head.aggregate_kind} ${head.aggregate_id}`;
    if (!known.has(name) && head.seq > 0) found.breach(name, 'its head is there, and its events are not');
  }
}

type Expected<R> = (state: never, row: R) => Readonly<Record<string, unknown>>;

const expectedLaunch: Expected<LaunchRow> = (state: Launch) => ({
  status: state.phase,
  tier: state.tier,
  stage_percent: state.phase === 'aborted' ? 0 : (state.stage?.percent ?? 0),
  on_hold: state.heldSinceAt !== null,
  isClosed: state.closed !== null,
});
const expectedCase: Expected<CaseRow> = (state: { status: string; decision: { decidedAt: number } | null }) => ({
  status: state.status,
  decided_at: state.decision?.decidedAt ?? null,
  isClosed: state.status === 'closed' || state.status === 'merged',
});
const expectedOrder: Expected<OrderRow> = (state: Order) => ({
  status: state.status,
  approved_by: state.approvedBy,
  ends_at: state.endsAt,
  account_ref: state.target.ref,
  action: state.action,
});
const expectedEscalation: Expected<EscalationRow> = (state: Ladder) => ({
  status: state.status,
  acknowledged_at: state.acknowledgedAt,
  acknowledged_by: state.acknowledgedBy,
  resolved_at: state.resolution?.at ?? null,
  isClosed: state.status === 'resolved',
});
const expectedCanary: Expected<ProjectionRow> = (state: { status: string }) => ({
  status: state.status,
  isClosed: state.status === 'done',
});
const expectedHeartbeat: Expected<HeartbeatRow> = (state: {
  status: string;
  settings: { intervalMs: number; severity: number };
}) => ({
  status: state.status,
  interval_seconds: state.settings.intervalMs / 1_000,
  severity: state.settings.severity,
  isClosed: state.status === 'closed',
});

function checkProjections(facts: Facts, found: Findings): void {
  const check = <R extends Omit<ProjectionRow, 'opened_at'>>(
    kind: string,
    rows: readonly R[],
    expected: Expected<R>,
  ): void => {
    const chains = new Map(facts.chains.flatMap((chain) => (chain.kind === kind ? [[chain.id, chain] as const] : [])));
    found.each(
      rows,
      ({ id }) => `${kind} ${id}`,
      (row) => {
        const chain = chains.get(row.id);
        const last = chain === undefined ? undefined : stepsOf<{ version: number }>(chain).at(-1);
        // What no workflow has taken up yet has nothing to be rebuilt from.
        if (last === undefined) return;
        found.saw(`${kind} rows`);
        const shown = { ...row, isClosed: row.closed_at !== null };
        const wanted = { version: last.version, ...expected(last.state as never, row) };
        const wrong = Object.entries(wanted).filter(([column, value]) => shown[column as keyof typeof shown] !== value);
        for (const [column] of wrong) found.breach(`${kind} ${row.id}`, `its ${column} is not what the trail says`);
        if (canonicalize(row.state) !== canonicalize(last.state)) {
          found.breach(`${kind} ${row.id}`, 'its state is not the one that was recorded last');
        }
        if (last.state.version !== last.version) found.breach(`${kind} ${row.id}`, 'its state counts another version');
      },
    );
  };
  check('launch', facts.launches, expectedLaunch);
  check('case', facts.cases, expectedCase);
  check('enforcement', facts.orders, expectedOrder);
  check('escalation', facts.escalations, expectedEscalation);
  check('canary', facts.canaries, expectedCanary);
  check('heartbeat', facts.heartbeats, expectedHeartbeat);
}
