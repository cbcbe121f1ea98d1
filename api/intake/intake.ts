import type { Sender } from '#domain/intake/integration.ts';
import type { Accepted, SourceReport } from '#domain/intake/report.ts';
import type { Database } from '#db/client.ts';
import { acceptReports } from '#db/repositories/intake/accept.ts';

/** The one way in for what senders report. Every front door reads its own format and calls this. */
export interface Intake {
  /**
   * Stores what one sender reports and tells what became of each report, in their order. Answers after the commit: nothing
   * that was answered is lost, whatever happens to this process or to Temporal.
   *
   * Of one call either all is stored or nothing. Fails with `intake.overloaded` (retryable, nothing was stored, `detail`
   * names `retryAfterSeconds`) when more comes in than can be stored within about a second.
   */
  accept(sender: Sender, reports: readonly SourceReport[]): Promise<Accepted[]>;
  /** Resolves when what was taken is stored. What comes later is refused as overload. */
  close(): Promise<void>;
}

export interface IntakeOptions {
  readonly db: Database;
}

export function createIntake({ db }: IntakeOptions): Intake {
  return {
    accept: (sender, reports) => db.transaction((tx) => acceptReports(tx, sender, reports)),
    close: () => Promise.resolve(),
  };
}
