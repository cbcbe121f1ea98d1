import type { Launch } from '#domain/launch/launch.ts';
import type { Tier } from '#domain/launch/tier.ts';
import type { Database } from '#db/client.ts';
import type { Measured } from '../launch-probes/measured.ts';

export interface StageInput {
  readonly db: Database;
  readonly launch: Launch;
  readonly tier: Tier;
  /** The soak of the stage; the end is not in it. */
  readonly from: Date;
  readonly to: Date;
}

export type StageProbe = (input: StageInput) => Promise<Omit<Measured, 'windowMs'>>;
