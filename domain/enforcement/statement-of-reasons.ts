import { toIso } from '../time.ts';
import { actionRule, isLiftable } from './actions.ts';
import type { ActionName } from './actions.ts';
import { statementSchemaVersion, statementTermsOf } from './statement-terms.ts';
import type {
  AccountRestriction,
  AutomatedDecision,
  ContentType,
  MonetaryRestriction,
  ProvisionRestriction,
  StatementCategory,
  StatementKeyword,
  StatementSource,
  VisibilityRestriction,
} from './statement-terms.ts';

/** On which ground the decision rests: the law, or the product's own terms. Never both. */
export type StatementGround =
  | { readonly kind: 'illegal'; readonly legalGround: string; readonly explanation: string }
  | {
      readonly kind: 'incompatible';
      readonly ground: string;
      readonly explanation: string;
      readonly alsoIllegal: boolean;
    };

export interface StatementInput {
  readonly orderId: string;
  /** A restriction made permanent later is another restriction, and gets another statement. */
  readonly kind: 'restricted' | 'made_permanent';
  readonly action: ActionName;
  readonly appliedAt: number;
  /** Null: without an end. */
  readonly endsAt: number | null;
  readonly harm: string;
  readonly ground: StatementGround;
  /** Public address of the policy text, or null. */
  readonly groundUrl: string | null;
  readonly contentTypes: readonly ContentType[];
  readonly contentCreatedAt: number;
  /** Two-letter country codes where the restriction holds; at least one. */
  readonly territorialScope: readonly string[];
  readonly source: StatementSource;
  /** True when a detector's signal led to the case. */
  readonly detectedByMachine: boolean;
  /** A person who reviewed the case, or a standing order that a person signed. */
  readonly decidedBy: 'person' | 'standing_order';
}

/** A statement of reasons in the field names of the EU transparency database. Absent fields are left out. */
export interface StatementOfReasons {
  readonly schema_version: typeof statementSchemaVersion;
  /** Unique for ever: a repeated submission is recognised by it. */
  readonly puid: string;
  readonly decision_visibility?: readonly VisibilityRestriction[];
  readonly end_date_visibility_restriction?: string;
  readonly decision_monetary?: MonetaryRestriction;
  readonly end_date_monetary_restriction?: string;
  readonly decision_provision?: ProvisionRestriction;
  readonly end_date_service_restriction?: string;
  readonly decision_account?: AccountRestriction;
  readonly end_date_account_restriction?: string;
  readonly decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT' | 'DECISION_GROUND_INCOMPATIBLE_CONTENT';
  readonly decision_ground_reference_url?: string;
  readonly illegal_content_legal_ground?: string;
  readonly illegal_content_explanation?: string;
  readonly incompatible_content_ground?: string;
  readonly incompatible_content_explanation?: string;
  readonly incompatible_content_illegal?: 'Yes' | 'No';
  readonly category: StatementCategory;
  readonly category_specification?: readonly StatementKeyword[];
  readonly category_specification_other?: string;
  readonly content_type: readonly ContentType[];
  readonly content_type_other?: string;
  readonly content_date: string;
  readonly application_date: string;
  readonly territorial_scope: readonly string[];
  readonly decision_facts: string;
  readonly source_type: StatementSource;
  readonly automated_detection: 'Yes' | 'No';
  readonly automated_decision: AutomatedDecision;
}

/** A field of the input that no valid statement can be built from. */
export interface StatementProblem {
  readonly field: keyof StatementInput;
  readonly reason: 'no_restriction' | 'too_long' | 'empty' | 'not_a_country_code' | 'end_before_start';
}

export type StatementAnswer =
  | { readonly ok: true; readonly statement: StatementOfReasons }
  | { readonly ok: false; readonly problems: readonly StatementProblem[] };

const longestGround = 500;
const longestExplanation = 2_000;

/**
 * Builds the statement of reasons that a restricted account is owed (Digital Services Act, Art. 17) and that a platform
 * submits (Art. 24(5)). Pure: the same order gives the same bytes.
 *
 * Holds no personal data: the account is not named, and the facts are built from codes only. The texts of the ground
 * are the policy's own, not the reviewer's. Answers every field that is wrong at once; an action that restricts nothing
 * has no statement.
 */
export function buildStatement(input: StatementInput): StatementAnswer {
  const { restriction } = actionRule(input.action);
  const problems = findProblems(input);
  if (restriction === null || problems.length > 0) return { ok: false, problems };
  const terms = statementTermsOf(input.harm);
  return {
    ok: true,
    statement: {
      schema_version: statementSchemaVersion,
      puid: input.kind === 'restricted' ? input.orderId : `${input.orderId}:${input.kind}`,
      ...restrictionFields(input),
      ...groundFields(input),
      category: terms.category,
      ...(terms.keywords.length > 0 ? { category_specification: terms.keywords } : {}),
      ...(terms.keywords.includes('KEYWORD_OTHER') ? { category_specification_other: input.harm } : {}),
      content_type: input.contentTypes,
      ...(input.contentTypes.includes('CONTENT_TYPE_OTHER') ? { content_type_other: 'account' } : {}),
      content_date: day(input.contentCreatedAt),
      application_date: day(input.appliedAt),
      territorial_scope: input.territorialScope,
      decision_facts: facts(input),
      source_type: input.source,
      automated_detection: input.detectedByMachine ? 'Yes' : 'No',
      automated_decision:
        input.decidedBy === 'person' ? 'AUTOMATED_DECISION_NOT_AUTOMATED' : 'AUTOMATED_DECISION_PARTIALLY',
    },
  };
}

/** True when the account is owed a statement of reasons for that action. */
const owesStatement = (action: ActionName): boolean => actionRule(action).restriction !== null;

const day = (at: number): string => toIso(at).slice(0, 10);

function findProblems(input: StatementInput): readonly StatementProblem[] {
  const problems: StatementProblem[] = [];
  const wrong = (field: keyof StatementInput, reason: StatementProblem['reason'], isWrong: boolean) => {
    if (isWrong) problems.push({ field, reason });
  };
  const ground = input.ground.kind === 'illegal' ? input.ground.legalGround : input.ground.ground;
  const { explanation } = input.ground;
  wrong('action', 'no_restriction', !owesStatement(input.action));
  wrong('ground', 'empty', ground === '' || explanation === '');
  wrong('ground', 'too_long', ground.length > longestGround || explanation.length > longestExplanation);
  wrong('groundUrl', 'too_long', (input.groundUrl?.length ?? 0) > longestGround);
  wrong('contentTypes', 'empty', input.contentTypes.length === 0);
  wrong('territorialScope', 'empty', input.territorialScope.length === 0);
  wrong('territorialScope', 'not_a_country_code', !input.territorialScope.every((code) => /^[A-Z]{2}$/.test(code)));
  wrong('endsAt', 'end_before_start', input.endsAt !== null && input.endsAt < input.appliedAt);
  return problems;
}

function restrictionFields(input: StatementInput): Partial<StatementOfReasons> {
  const { restriction } = actionRule(input.action);
  const end = input.endsAt === null || !isLiftable(input.action) ? null : day(input.endsAt);
  const until = (field: keyof StatementOfReasons) => (end === null ? {} : { [field]: end });
  if (restriction?.kind === 'visibility') {
    return { decision_visibility: [restriction.value], ...until('end_date_visibility_restriction') };
  }
  if (restriction?.kind === 'monetary') {
    return { decision_monetary: restriction.value, ...until('end_date_monetary_restriction') };
  }
  if (restriction?.kind === 'provision') {
    return { decision_provision: restriction.value, ...until('end_date_service_restriction') };
  }
  if (restriction?.kind === 'account') {
    return { decision_account: restriction.value, ...until('end_date_account_restriction') };
  }
  return {};
}

type GroundFields = Pick<StatementOfReasons, 'decision_ground'> & Partial<StatementOfReasons>;

function groundFields({ ground, groundUrl }: StatementInput): GroundFields {
  const url = groundUrl === null ? {} : { decision_ground_reference_url: groundUrl };
  if (ground.kind === 'illegal') {
    return {
      decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
      ...url,
      illegal_content_legal_ground: ground.legalGround,
      illegal_content_explanation: ground.explanation,
    };
  }
  return {
    decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
    ...url,
    incompatible_content_ground: ground.ground,
    incompatible_content_explanation: ground.explanation,
    incompatible_content_illegal: ground.alsoIllegal ? 'Yes' : 'No',
  };
}

function facts(input: StatementInput): string {
  const found = input.detectedByMachine ? 'An automated detector reported the activity.' : 'The activity was reported.';
  const decided =
    input.decidedBy === 'person'
      ? 'A person reviewed it and decided.'
      : 'A measure that a person had signed in advance for this kind of activity was applied.';
  return `${found} ${decided} Kind of harm: ${input.harm}. Measure: ${input.action}.`;
}
