import { describe, expect, it } from 'vitest';
import { dayMs } from '../time.ts';
import { buildStatement } from './statement-of-reasons.ts';
import type { StatementInput } from './statement-of-reasons.ts';

const appliedAt = Date.UTC(2026, 2, 1, 23, 30);
const input = (more: Partial<StatementInput> = {}): StatementInput => ({
  orderId: 'enf_1',
  kind: 'restricted',
  action: 'suspend_account',
  appliedAt,
  endsAt: appliedAt + 7 * dayMs,
  harm: 'fraud',
  ground: { kind: 'incompatible', ground: 'terms 4.2', explanation: 'Scams are not allowed.', alsoIllegal: false },
  groundUrl: 'https://product.example/terms',
  contentTypes: ['CONTENT_TYPE_TEXT'],
  contentCreatedAt: Date.UTC(2026, 1, 28),
  territorialScope: ['DE', 'FR'],
  source: 'SOURCE_VOLUNTARY',
  detectedByMachine: true,
  decidedBy: 'person',
  ...more,
});
const statement = (more: Partial<StatementInput> = {}) => {
  const answer = buildStatement(input(more));
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.statement;
};

describe('a statement of reasons', () => {
  it('names the restriction with its end, the ground, the category and how it was decided', () => {
    expect(statement()).toEqual({
      schema_version: 2,
      puid: 'enf_1',
      decision_account: 'DECISION_ACCOUNT_SUSPENDED',
      end_date_account_restriction: '2026-03-08',
      decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
      decision_ground_reference_url: 'https://product.example/terms',
      incompatible_content_ground: 'terms 4.2',
      incompatible_content_explanation: 'Scams are not allowed.',
      incompatible_content_illegal: 'No',
      category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD',
      category_specification: ['KEYWORD_PHISHING'],
      content_type: ['CONTENT_TYPE_TEXT'],
      content_date: '2026-02-28',
      application_date: '2026-03-01',
      territorial_scope: ['DE', 'FR'],
      decision_facts:
        'An automated detector reported the activity. A person reviewed it and decided. Kind of harm: fraud. Measure: suspend_account.',
      source_type: 'SOURCE_VOLUNTARY',
      automated_detection: 'Yes',
      automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED',
    });
  });

  it.each([
    ['limit_sending', { decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION' }, 'end_date_service_restriction'],
    [
      'demote_content',
      { decision_visibility: ['DECISION_VISIBILITY_CONTENT_DEMOTED'] },
      'end_date_visibility_restriction',
    ],
  ] as const)('puts %s into its own field, with its own end', (action, restriction, end) => {
    expect(statement({ action })).toMatchObject({ ...restriction, [end]: '2026-03-08' });
    expect(statement({ action })).not.toHaveProperty('decision_account');
    expect(statement({ action, endsAt: null })).not.toHaveProperty(end);
  });

  it('leaves the other ground out', () => {
    const illegal = statement({ ground: { kind: 'illegal', legalGround: 'Art. 1', explanation: 'Because.' } });
    expect(illegal).toMatchObject({ illegal_content_legal_ground: 'Art. 1', illegal_content_explanation: 'Because.' });
    expect(Object.keys(illegal).filter((field) => field.startsWith('incompatible'))).toEqual([]);
    expect(Object.keys(statement()).filter((field) => field.startsWith('illegal'))).toEqual([]);
  });

  it('gives a restriction made permanent a key of its own, and a standing order its own words', () => {
    expect(statement({ kind: 'made_permanent', endsAt: null }).puid).toBe('enf_1:made_permanent');
    expect(statement({ decidedBy: 'standing_order' })).toMatchObject({
      automated_decision: 'AUTOMATED_DECISION_PARTIALLY',
      decision_facts: expect.stringContaining('signed in advance') as string,
    });
  });

  it('says what a keyword for something else stands for, and knows no category for a harm it does not know', () => {
    expect(statement({ harm: 'cbrn' })).toMatchObject({ category_specification_other: 'cbrn' });
    expect(statement({ harm: 'toString' }).category).toBe('STATEMENT_CATEGORY_OTHER_VIOLATION_TC');
  });

  it('answers every wrong field at once', () => {
    const answer = buildStatement(
      input({
        action: 'warn_account',
        ground: { kind: 'illegal', legalGround: 'x'.repeat(501), explanation: '' },
        groundUrl: 'y'.repeat(501),
        contentTypes: [],
        territorialScope: ['Germany'],
        endsAt: appliedAt - 1,
      }),
    );
    expect(answer).toEqual({
      ok: false,
      problems: [
        { field: 'action', reason: 'no_restriction' },
        { field: 'ground', reason: 'empty' },
        { field: 'ground', reason: 'too_long' },
        { field: 'groundUrl', reason: 'too_long' },
        { field: 'contentTypes', reason: 'empty' },
        { field: 'territorialScope', reason: 'not_a_country_code' },
        { field: 'endsAt', reason: 'end_before_start' },
      ],
    });
  });
});
