/** What the checks read of a launch's recorded state. */

export interface RequirementState {
  readonly revision: number;
  readonly result: {
    readonly status: string;
    readonly observed: number | null;
    readonly threshold: number | null;
    readonly population: number;
    readonly windowMs: number;
    readonly evidenceHash: string | null;
    readonly measuredAt: number;
    readonly reportedBy: { readonly id: string } | null;
  } | null;
  readonly evidence: {
    readonly hash: string;
    readonly validUntilAt: number;
    readonly attachedAt: number;
    readonly collectedBy: string;
    readonly attachedBy: string;
  } | null;
  readonly signOff: { readonly choice: string; readonly at: number; readonly revision: number } | null;
  readonly notApplicable: { readonly requestedBy: string; readonly approvedBy: string | null } | null;
  readonly waiver: {
    readonly waiverId: string;
    readonly requestedBy: string;
    readonly approvedBy: string;
    readonly expiresAt: number;
  } | null;
}

export interface Launch {
  readonly phase: string;
  readonly catalogueVersion: string;
  readonly tier: string | null;
  readonly tierBasis: {
    readonly change: { readonly kind: string; readonly by: readonly string[]; readonly at: number } | null;
  } | null;
  readonly capabilities: readonly string[];
  readonly requirements: Readonly<Record<string, RequirementState>>;
  readonly evidenceRevision: number;
  readonly signOffs: Readonly<
    Record<
      string,
      {
        readonly personId: string;
        readonly choice: string;
        readonly revision: number;
        readonly overruled: { readonly personId: string; readonly revision: number } | null;
      }
    >
  >;
  readonly conditions: readonly { readonly id: string; readonly dueAt: number }[];
  readonly stage: { readonly percent: number } | null;
  readonly heldSinceAt: number | null;
  readonly openings: readonly {
    readonly percent: number;
    readonly passed: number;
    readonly waived: readonly string[];
    readonly notApplicable: readonly string[];
  }[];
  readonly closed: unknown;
}
