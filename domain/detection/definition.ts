import type { RuleDocument } from './rule-document.ts';

/** A known piece of abuse that the detector must find: a canary plants it, so many times, under an account of its own. */
export interface CanarySample {
  readonly kind: string;
  readonly attributes: { readonly [name: string]: string | number | boolean };
  readonly text: string | null;
  readonly repeat: number;
}

interface Common {
  readonly canary: CanarySample | null;
}

/** What one detector version is. `sql` and `rules` are checked before they are stored; see `sqlProblems`, `validateRules`. */
export type DetectorDefinition =
  | ({ readonly kind: 'rules'; readonly rules: RuleDocument } & Common)
  | ({ readonly kind: 'sql'; readonly sql: string; readonly windowMs: number } & Common)
  | ({ readonly kind: 'http'; readonly url: string } & Common);
