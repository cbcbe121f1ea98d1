/** What the checks read of an escalation's recorded state. */

export interface Position {
  readonly pass: number;
  readonly rung: number;
}

export interface Rung {
  readonly ackWithinMs: number;
  readonly conditions: { readonly hours: string | null } | null;
}

export interface Ladder {
  readonly status: string;
  readonly teamId: string | null;
  readonly urgency: string;
  readonly severity: number;
  readonly policy: { readonly rungs: readonly Rung[]; readonly catchAllPersonId: string };
  readonly maintenance: readonly { readonly windowId: string; readonly untilAt: number }[];
  readonly holdLowUntilAt: number | null;
  readonly snoozedUntilAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: number | null;
  readonly ackTimeoutAt: number | null;
  readonly drill: unknown;
  readonly sourceResolvedBy: string | null;
  readonly resolution:
    | { readonly kind: 'person'; readonly at: number; readonly personId: string }
    | { readonly kind: 'source'; readonly at: number; readonly alertEventId: string }
    | null;
  readonly walk: Position & {
    readonly number: number;
    readonly phase: string;
    readonly deadlineAt: number | null;
    readonly reached: number;
    readonly ackedBy: readonly string[];
  };
  readonly questions: readonly (Position & { readonly key: string; readonly purpose: string })[];
  readonly pending: readonly { readonly personId: string; readonly dueAt: number }[];
  readonly pages: readonly {
    readonly key: string;
    readonly result: string;
    readonly cancelled: boolean;
    readonly first?: boolean;
  }[];
  readonly happened: readonly Happening[];
}

/** One thing that a transition did. */
export type Happening = { readonly what: string } & {
  readonly pass?: number;
  readonly rung?: number;
  readonly reason?: string;
  readonly because?: string;
  readonly key?: string;
  readonly round?: number;
  readonly personId?: string;
  readonly personIds?: readonly string[];
};

export const did = (ladder: Ladder, what: string): readonly Happening[] =>
  ladder.happened.filter((happening) => happening.what === what);

/** In these nobody is paged for what was ordered before. */
export const isStopped = ({ status }: Ladder): boolean =>
  status === 'acknowledged' || status === 'snoozed' || status === 'resolved';
