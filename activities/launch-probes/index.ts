import type { MeasuredProbe } from '#domain/launch/catalogue.ts';
import { canary } from './canary.ts';
import { freshness } from './freshness.ts';
import { harmMatrix } from './harm-matrix.ts';
import { intakeComplete } from './intake-complete.ts';
import { killSwitch } from './kill-switch.ts';
import type { Probe } from './measured.ts';
import { ownerResolves } from './owner-resolves.ts';
import { precision } from './precision.ts';
import { reviewerProtection } from './reviewer-protection.ts';
import { rotaFilled } from './rota-filled.ts';
import { routing } from './routing.ts';
import { detectorHealth } from './detector-health.ts';

/** The measurements that need Postgres alone, by the name that the catalogue asks for. */
export const probesOf = (
  sweepEveryMs: number,
): Readonly<Record<Exclude<MeasuredProbe, 'enforcement_dry_run'>, Probe>> => ({
  intake_complete: intakeComplete,
  owner_resolves: ownerResolves,
  harm_matrix: harmMatrix,
  freshness,
  precision,
  detector_health: (input) => detectorHealth(input, sweepEveryMs),
  routing,
  reviewer_protection: reviewerProtection,
  kill_switch: killSwitch,
  rota_filled: rotaFilled,
  canary,
});
