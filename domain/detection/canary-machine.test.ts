import { Told } from '#test/support/told.ts';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../actor.ts';
import { minuteMs, secondMs } from '../time.ts';
import { canaryMachine } from './canary-machine.ts';
import { openCanary, stageDurations } from './canary.ts';
import type { CanaryEffect, CanaryEvent, CanaryRun } from './canary.ts';

const t0 = Date.UTC(2026, 2, 1);
const responder: Actor = { kind: 'person', id: 'per_1', roles: ['responder'] };

const canary = () =>
  new Told<CanaryRun, CanaryEvent, CanaryEffect>(
    canaryMachine,
    openCanary(
      {
        canaryId: 'can_1',
        launchId: 'lch_1',
        productId: 'prd_1',
        detectorVersionId: 'dtv_1',
        deadlineMs: 15 * minuteMs,
        requirementId: 'RS-04',
      },
      t0,
    ),
    t0,
  );

const at = (seconds: number) => t0 + seconds * secondMs;
const injected: CanaryEvent = { type: 'injected', eventId: 'evt_1', at: at(1) };
const detected: CanaryEvent = { type: 'detected', signalId: 'sig_1', at: at(11) };
const caseOpened: CanaryEvent = { type: 'caseOpened', caseId: 'cse_1', at: at(13) };
const paged: CanaryEvent = { type: 'paged', escalationId: 'esc_1', deliveryId: 'dlv_1', at: at(18) };
const acknowledged: CanaryEvent = { type: 'acknowledged', escalationId: 'esc_1', by: responder, at: at(180) };

describe('a canary', () => {
  it('passes through every stage to a person, and becomes evidence', () => {
    const told = canary().hear({ type: 'opened' });
    expect(told.effects).toEqual([{ key: 'inject', type: 'injectEvent', detectorVersionId: 'dtv_1' }]);
    const statuses = [injected, detected, caseOpened, paged].map((event) => told.hear(event).state.status);
    expect(statuses).toEqual(['injected', 'detected', 'case_opened', 'paged']);
    told.hear(acknowledged, at(181));
    expect(told.state).toMatchObject({ status: 'acknowledged', passed: true, acknowledgedBy: 'per_1' });
    expect(told.effects).toEqual([
      expect.objectContaining({
        type: 'reportEvidence',
        requirementId: 'RS-04',
        passed: true,
        minutes: 181 / 60,
        reached: 'acknowledged',
      }),
      { key: 'close', type: 'closeDrill', canaryId: 'can_1', caseId: 'cse_1', escalationId: 'esc_1' },
    ]);
    expect(stageDurations(told.state)).toEqual({
      injected: null,
      detected: 10_000,
      case_opened: 2_000,
      paged: 5_000,
      acknowledged: 162_000,
    });
    told.hear({ type: 'drillClosed' }).hear({ type: 'evidenceReported' });
    expect(told.state.status).toBe('done');
    expect(told.isFinal).toBe(true);
    expect(told.answer(acknowledged)).toBe('ignored');
  });

  it('takes a later fact as proof of the earlier ones', () => {
    const told = canary().hear({ type: 'opened' }).hear(paged).hear(detected);
    expect(told.state).toMatchObject({ status: 'paged', signalId: 'sig_1', caseId: null });
    expect(stageDurations(told.state)).toMatchObject({ case_opened: null, paged: 7_000 });
    expect(told.hear(acknowledged, at(181)).state.passed).toBe(true);
    expect(told.hear(caseOpened).state).toMatchObject({ status: 'acknowledged', caseId: 'cse_1' });
    expect(told.answer(caseOpened)).toBe('ignored');
  });

  it('is passed by nobody but a person', () => {
    const told = canary().hear({ type: 'opened' }).hear(paged);
    expect(told.answer({ ...acknowledged, by: { kind: 'service', id: 'svc_1' } })).toBe('decision.person_required');
    expect(told.answer({ ...acknowledged, by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
  });

  it('is missed at its deadline: reported, escalated and closed', () => {
    const told = canary().hear({ type: 'opened' }).hear(injected).hear(detected);
    const deadline = t0 + 15 * minuteMs;
    expect(told.due).toBe(deadline);
    expect(told.answer({ type: 'due' }, deadline - 1)).toBe('ignored');
    told.hear({ type: 'due' }, deadline);
    expect(told.state).toMatchObject({ status: 'missed', passed: false });
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'reportEvidence', passed: false, minutes: 15, reached: 'detected' }),
      expect.objectContaining({ type: 'closeDrill', caseId: null }),
      expect.objectContaining({ type: 'openEscalation', reason: 'canary_missed', dedupKey: 'canary:dtv_1' }),
    ]);
    expect(told.due).toBeNull();
    told.hear(acknowledged, deadline + 1);
    expect(told.state).toMatchObject({ status: 'missed', passed: false, acknowledgedBy: 'per_1' });
    expect(told.effects).toEqual([]);
  });

  it('is missed by an acknowledgement at the deadline itself, even before the timer fires', () => {
    const told = canary()
      .hear({ type: 'opened' })
      .hear(paged)
      .hear(acknowledged, t0 + 15 * minuteMs);
    expect(told.state).toMatchObject({ status: 'missed', passed: false });
    expect(told.answer({ type: 'due' }, t0 + 15 * minuteMs)).toBe('ignored');
  });
});
