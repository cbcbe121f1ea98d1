/** What the checks read of an enforcement order's recorded state. */
export interface Order {
  readonly status: string;
  readonly action: string;
  readonly target: { readonly ref: string };
  readonly durationMs: number | null;
  readonly protectedSubject: boolean;
  readonly decidedBy: string;
  readonly approvedBy: string | null;
  readonly madePermanentBy: string | null;
  /** True once a call to apply ended without a clear answer: the platform may have carried it out. */
  readonly applyUncertain: boolean;
  readonly appliedAt: number | null;
  readonly endsAt: number | null;
  readonly duties: {
    readonly apply: { readonly status: string };
    readonly lift: { readonly status: string };
    readonly notice: { readonly status: string };
  };
}

/** Restrictions that cannot be undone, and those that hold until they are lifted. A warning is neither. */
const irreversible: readonly string[] = ['terminate_account', 'delete_content'];
const momentary: readonly string[] = ['warn_account'];

/** True when a second person must agree before it is applied: without an end, not to be undone, or about someone protected. */
export const needsSecondPerson = ({ action, durationMs, protectedSubject }: Order): boolean =>
  protectedSubject || irreversible.includes(action) || (durationMs === null && !momentary.includes(action));
