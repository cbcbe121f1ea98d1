import type { ActionResult, OrderEffect } from '#domain/enforcement/order.ts';
import type { Random } from './random.ts';

type Apply = Extract<OrderEffect, { type: 'applyAction' }>;
type Lift = Extract<OrderEffect, { type: 'liftAction' }>;

/**
 * A platform behind a bad line: it recognises a repeated key, keeps one hold per key, and answers late, never or wrong.
 * Counts what really happened, which is what the invariants are about.
 */
export class SimulatedPlatform {
  readonly applied = new Set<string>();
  readonly lifted = new Set<string>();
  readonly held = new Set<string>();
  isKillSwitchOn = false;
  /** Cleared: the order was reversed before the call left, which the caller notices. */
  isWanted = true;

  private readonly left = new Map<string, number>();

  /** Calls of one round that left, whether or not anybody heard an answer. */
  attempts(effectKey: string): number {
    return this.left.get(effectKey) ?? 0;
  }

  apply(random: Random, { key, idempotencyKey }: Apply): ActionResult {
    if (this.isKillSwitchOn && random.chance(15)) this.isKillSwitchOn = false;
    if (!this.isWanted && random.chance(50)) return 'withdrawn';
    if (this.isKillSwitchOn) return 'stopped_by_kill_switch';
    if (random.chance(4)) return 'withdrawn';
    this.left.set(key, this.attempts(key) + 1);
    if (random.chance(25)) return 'failed_transient';
    if (this.applied.has(idempotencyKey)) return 'already_applied';
    if (random.chance(6)) return 'failed_permanent';
    this.applied.add(idempotencyKey);
    this.held.add(idempotencyKey);
    return this.mayLoseAnswer(random, 'applied');
  }

  lift(random: Random, { key, idempotencyKey, appliedUnderKey }: Lift): ActionResult {
    this.left.set(key, this.attempts(key) + 1);
    if (random.chance(30)) return random.pick(['failed_transient', 'failed_permanent', 'stopped_by_kill_switch']);
    if (this.lifted.has(idempotencyKey)) return 'already_applied';
    this.lifted.add(idempotencyKey);
    const wasHeld = this.held.delete(appliedUnderKey);
    return this.mayLoseAnswer(random, wasHeld ? 'applied' : 'already_applied');
  }

  private mayLoseAnswer(random: Random, result: ActionResult): ActionResult {
    return random.chance(20) ? 'failed_transient' : result;
  }
}
