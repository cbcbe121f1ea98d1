import { capabilitiesOf } from './capabilities.ts';
import { unknown } from './intake-fields.ts';
import type { Unknown } from './intake-fields.ts';
import type { Intake } from './intake.ts';

type ContradictionCode =
  | 'stages_out_of_order'
  | 'deputy_is_owner'
  | 'unattended_without_actions'
  | 'minors_excluded_by_age'
  | 'minors_allowed_by_age'
  | 'forecast_falls'
  | 'p50_above_p90'
  | 'tool_calls_not_logged'
  | 'uploads_not_logged'
  | 'content_shown_but_not_kept'
  | 'off_switch_without_holder'
  | 'rated_high_without_mitigation'
  | 'voice_without_audio';

export interface Contradiction {
  /** JSON pointer to the answer to look at first. */
  readonly pointer: string;
  readonly code: ContradictionCode;
}

/**
 * Answers that cannot be true together. They never refuse an intake, and they block the launch like an unknown answer
 * until someone corrects one of them. An unknown answer contradicts nothing.
 */
export function contradictions(intake: Intake): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const flag = (yes: boolean, pointer: string, code: ContradictionCode) => {
    if (yes) found.push({ pointer, code });
  };
  const { dates, ownership, actions, audience, volume, logging, reviewerView, offSwitch, mitigations } = intake;
  const stageDates = [dates.onePercentAt, dates.tenPercentAt, dates.fiftyPercentAt, dates.fullAt].filter(known);
  flag(falls(stageDates), '/dates', 'stages_out_of_order');
  flag(
    known(ownership.ownerPersonId) && ownership.ownerPersonId === ownership.deputyPersonId,
    '/ownership/deputyPersonId',
    'deputy_is_owner',
  );
  flag(
    actions.unattended === 'yes' && known(actions.kinds) && actions.kinds.length === 0,
    '/actions/unattended',
    'unattended_without_actions',
  );
  if (known(audience.minimumAge)) {
    const young = audience.reach === 'teens_likely' || audience.reach === 'minors_intended';
    flag(young && audience.minimumAge >= 18, '/audience/minimumAge', 'minors_excluded_by_age');
    flag(
      audience.reach === 'vulnerable_excluded' && audience.minimumAge < 18,
      '/audience/minimumAge',
      'minors_allowed_by_age',
    );
  }
  for (const name of ['usersP50', 'usersP90', 'eventsP50', 'eventsP90'] as const) {
    const forecast = volume[name];
    flag(known(forecast) && falls(forecast), `/volume/${name}`, 'forecast_falls');
  }
  flag(above(volume.usersP50, volume.usersP90), '/volume/usersP90', 'p50_above_p90');
  flag(above(volume.eventsP50, volume.eventsP90), '/volume/eventsP90', 'p50_above_p90');
  if (known(logging.events) && logging.completeness === 'full') {
    flag(
      known(actions.kinds) && actions.kinds.length > 0 && !logging.events.includes('tool_calls'),
      '/logging/events',
      'tool_calls_not_logged',
    );
    flag(
      known(intake.inputs.media) && capabilitiesOf(intake).includes('file') && !logging.events.includes('uploads'),
      '/logging/events',
      'uploads_not_logged',
    );
  }
  flag(
    (reviewerView.content === 'full' || reviewerView.content === 'redacted') && reviewerView.retentionDays === 0,
    '/reviewerView/retentionDays',
    'content_shown_but_not_kept',
  );
  flag(
    known(offSwitch.reach) && offSwitch.reach !== 'none' && known(offSwitch.holders) && offSwitch.holders.length === 0,
    '/offSwitch/holders',
    'off_switch_without_holder',
  );
  flag(
    known(mitigations.ratedHigh) &&
      mitigations.ratedHigh.length > 0 &&
      known(mitigations.kinds) &&
      mitigations.kinds.length === 0,
    '/mitigations/kinds',
    'rated_high_without_mitigation',
  );
  flag(
    known(intake.likeness.of) &&
      intake.likeness.of.includes('realistic_voice') &&
      known(intake.outputs.media) &&
      !intake.outputs.media.includes('audio') &&
      !intake.outputs.media.includes('video'),
    '/likeness/of',
    'voice_without_audio',
  );
  return found;
}

const known = <T>(answer: T | Unknown): answer is T => answer !== unknown;

const falls = (numbers: readonly number[]): boolean =>
  numbers.some((number, index) => number < (numbers[index - 1] ?? 0));

const above = (low: readonly number[] | Unknown, high: readonly number[] | Unknown): boolean =>
  known(low) && known(high) && low.some((number, index) => number > (high[index] ?? number));
