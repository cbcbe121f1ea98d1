import { isHarm } from '../harms.ts';
import type { Harm } from '../harms.ts';

/**
 * The terms of a statement of reasons under the Digital Services Act (Art. 17 and 24(5)), as the EU transparency
 * database spells them. Version 2 of the schema; four categories that only some listings of it keep are accepted too.
 */
export const statementSchemaVersion = 2;

export type VisibilityRestriction =
  | 'DECISION_VISIBILITY_CONTENT_REMOVED'
  | 'DECISION_VISIBILITY_CONTENT_DISABLED'
  | 'DECISION_VISIBILITY_CONTENT_DEMOTED'
  | 'DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED'
  | 'DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED'
  | 'DECISION_VISIBILITY_CONTENT_LABELLED'
  | 'DECISION_VISIBILITY_OTHER';

export type MonetaryRestriction =
  | 'DECISION_MONETARY_SUSPENSION'
  | 'DECISION_MONETARY_TERMINATION'
  | 'DECISION_MONETARY_OTHER';

export type ProvisionRestriction =
  | 'DECISION_PROVISION_PARTIAL_SUSPENSION'
  | 'DECISION_PROVISION_TOTAL_SUSPENSION'
  | 'DECISION_PROVISION_PARTIAL_TERMINATION'
  | 'DECISION_PROVISION_TOTAL_TERMINATION';

export type AccountRestriction = 'DECISION_ACCOUNT_SUSPENDED' | 'DECISION_ACCOUNT_TERMINATED';

/** One of the four kinds of restriction, at least one of which a statement names. */
export type Restriction =
  | { readonly kind: 'visibility'; readonly value: VisibilityRestriction }
  | { readonly kind: 'monetary'; readonly value: MonetaryRestriction }
  | { readonly kind: 'provision'; readonly value: ProvisionRestriction }
  | { readonly kind: 'account'; readonly value: AccountRestriction };

export type StatementCategory =
  | 'STATEMENT_CATEGORY_ANIMAL_WELFARE'
  | 'STATEMENT_CATEGORY_CONSUMER_INFORMATION'
  | 'STATEMENT_CATEGORY_CYBER_VIOLENCE'
  | 'STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN'
  | 'STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS'
  | 'STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH'
  | 'STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS'
  | 'STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS'
  | 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS'
  | 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY'
  | 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD'
  | 'STATEMENT_CATEGORY_SELF_HARM'
  | 'STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS'
  | 'STATEMENT_CATEGORY_VIOLENCE'
  | 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC'
  | 'STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE'
  | 'STATEMENT_CATEGORY_NON_CONSENSUAL_BEHAVIOUR'
  | 'STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT'
  | 'STATEMENT_CATEGORY_SCOPE_OF_PLATFORM_SERVICE'
  | 'STATEMENT_CATEGORY_UNSAFE_AND_ILLEGAL_PRODUCTS';

export type StatementKeyword =
  | 'KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL'
  | 'KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS'
  | 'KEYWORD_HATE_SPEECH'
  | 'KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING'
  | 'KEYWORD_INAUTHENTIC_ACCOUNTS'
  | 'KEYWORD_PHISHING'
  | 'KEYWORD_SUICIDE'
  | 'KEYWORD_TERRORIST_CONTENT'
  | 'KEYWORD_OTHER';

export interface HarmTerms {
  readonly category: StatementCategory;
  readonly keywords: readonly StatementKeyword[];
}

/** What each harm of the taxonomy is called in a statement; unknown harm is a violation of the product's own rules. */
const harmTerms: Readonly<Record<Harm, HarmTerms>> = {
  csae: { category: 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS', keywords: ['KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL'] },
  groom: {
    category: 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS',
    keywords: ['KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS'],
  },
  cbrn: { category: 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY', keywords: ['KEYWORD_OTHER'] },
  'viol-imm': { category: 'STATEMENT_CATEGORY_VIOLENCE', keywords: [] },
  self: { category: 'STATEMENT_CATEGORY_SELF_HARM', keywords: ['KEYWORD_SUICIDE'] },
  terr: { category: 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY', keywords: ['KEYWORD_TERRORIST_CONTENT'] },
  cyber: { category: 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY', keywords: ['KEYWORD_OTHER'] },
  infra: { category: 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY', keywords: ['KEYWORD_OTHER'] },
  ncii: { category: 'STATEMENT_CATEGORY_CYBER_VIOLENCE', keywords: [] },
  fraud: { category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', keywords: ['KEYWORD_PHISHING'] },
  io: {
    category: 'STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS',
    keywords: ['KEYWORD_INAUTHENTIC_ACCOUNTS'],
  },
  hate: { category: 'STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH', keywords: ['KEYWORD_HATE_SPEECH'] },
  priv: { category: 'STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS', keywords: [] },
  elect: { category: 'STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS', keywords: [] },
  plat: { category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', keywords: ['KEYWORD_INAUTHENTIC_ACCOUNTS'] },
  inject: { category: 'STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY', keywords: ['KEYWORD_OTHER'] },
  sexual: { category: 'STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT', keywords: [] },
  advice: { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', keywords: [] },
};

export const statementTermsOf = (harm: string): HarmTerms =>
  isHarm(harm) ? harmTerms[harm] : { category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', keywords: [] };

export type ContentType =
  | 'CONTENT_TYPE_APP'
  | 'CONTENT_TYPE_AUDIO'
  | 'CONTENT_TYPE_IMAGE'
  | 'CONTENT_TYPE_PRODUCT'
  | 'CONTENT_TYPE_SYNTHETIC_MEDIA'
  | 'CONTENT_TYPE_TEXT'
  | 'CONTENT_TYPE_VIDEO'
  | 'CONTENT_TYPE_OTHER';

export type StatementSource =
  | 'SOURCE_ARTICLE_16'
  | 'SOURCE_TRUSTED_FLAGGER'
  | 'SOURCE_TYPE_OTHER_NOTIFICATION'
  | 'SOURCE_VOLUNTARY';

export type AutomatedDecision =
  | 'AUTOMATED_DECISION_FULLY'
  | 'AUTOMATED_DECISION_PARTIALLY'
  | 'AUTOMATED_DECISION_NOT_AUTOMATED';
