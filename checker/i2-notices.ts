import type { Facts, PlatformLine } from './facts.ts';
import type { Findings } from './findings.ts';
import { byId } from './history.ts';
import type { Order } from './order-state.ts';

type Notice = Extract<PlatformLine, { type: 'notice' }>;

/** Who is restricted is told so, once; and nobody is told of a restriction that is not there. */
export function checkNotices(facts: Facts, lines: readonly PlatformLine[], found: Findings): void {
  const known = byId(facts.notices);
  const orders = byId(facts.orders);
  const arrived = new Set<string>();
  for (const line of lines.filter((each): each is Notice => each.type === 'notice' && each.outcome === 'sent')) {
    found.saw('notices');
    const name = `notice ${line.noticeId}`;
    if (arrived.has(line.noticeId)) found.breach(name, 'it was sent twice', line.at);
    arrived.add(line.noticeId);
    const row = known.get(line.noticeId);
    const order = row === undefined ? undefined : orders.get(row.order_id);
    if (order === undefined) found.breach(name, 'the platform sent a notice that no order has', line.at);
    else if (order.account_ref !== line.accountRef) found.breach(name, 'it went to another account', line.at);
    else if ((order.state as Order | null)?.appliedAt === null) {
      found.breach(name, 'it tells of a restriction that was never applied', line.at);
    }
  }
  for (const { id, status } of facts.notices) {
    if (status === 'sent' && !arrived.has(id)) found.breach(`notice ${id}`, 'it says sent, and never arrived');
  }
  for (const order of facts.orders) {
    if ((order.state as Order | null)?.duties.notice.status !== 'done') continue;
    const told = facts.notices.some(
      (notice) => notice.order_id === order.id && notice.kind === 'restricted' && notice.status === 'sent',
    );
    if (!told) found.breach(`enforcement ${order.id}`, 'it says that the account was told, and no notice was sent');
  }
}
