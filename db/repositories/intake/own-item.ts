import type { IntakeItem } from '#domain/intake/fold.ts';
import type { Disposition } from '#domain/intake/report.ts';

/** An item with what only Vigil's own alerts have. */
export interface OwnItem extends IntakeItem {
  readonly canaryId: string | null;
  readonly sensitive: boolean;
  readonly causeKey: string | null;
}

export interface ItemAnswer {
  readonly disposition: Disposition;
  readonly escalationId: string | null;
}
