import { dayMs, minuteMs } from '#domain/time.ts';
import type { CommandAnswer } from '../decisions.ts';
import type { ApiClient } from '../http.ts';
import { emptyIntake } from '../intake-form.ts';
import type { Ids } from '../setup/document.ts';

export interface SeedOptions {
  readonly ids: Ids;
  /** The API as the person, or sender, of that key of the setup. */
  readonly as: (key: string) => Promise<ApiClient>;
  readonly now: number;
}

export interface Seeded {
  readonly launches: readonly string[];
  readonly events: number;
  readonly escalationId: string | null;
}

const eventsPerQueue = 200;

/**
 * Fills a development installation: three launches, one of them blocked by answers that nobody knows yet, two queues with
 * 200 items each, and a ladder that is paging someone now. Once: an installation with launches is left alone.
 */
export async function seed({ ids, as, now }: SeedOptions): Promise<Seeded | null> {
  const owner = await as('launch_owner');
  if ((await owner.list('/v1/launches', {}, 1)).length > 0) return null;
  const productId = ids.products?.['assistant'] ?? '';
  const start = (name: string) =>
    owner
      .post<CommandAnswer>('/v1/launches', { productId, name }, { part: name })
      .then(({ aggregate }) => aggregate.id);
  const launches = [await start('Just begun'), await start('Blocked by unknown answers'), await start('Small beta')];
  await owner.post(`/v1/launches/${launches[1]}/intake-answers`, { intake: emptyIntake() }, { part: 'unknown' });
  await owner.post(`/v1/launches/${launches[2]}/intake-answers`, { intake: betaIntake(ids, now) }, { part: 'beta' });

  const sender = await as('integration');
  for (const text of ['A guaranteed win for you!', 'Those people again.']) {
    const events = Array.from({ length: eventsPerQueue }, (_, index) => ({
      id: `seed-${text.length}-${index}`,
      kind: 'message_sent',
      accountRef: `account-${index}`,
      occurredAt: new Date(now - index * minuteMs).toISOString(),
      attributes: { recipients: index },
      content: { text },
    }));
    await sender.post('/v1/intake/events', { productKey: 'assistant', events }, { part: `events.${text.length}` });
  }

  const serviceId = ids.services?.['assistant-abuse'] ?? '';
  const alert = {
    action: 'trigger',
    dedupKey: 'seed',
    severity: 1,
    title: 'Something is wrong (made by vigil dev --seed)',
  };
  const { escalationId } = await sender.post<{ escalationId: string | null }>(
    `/v1/services/${serviceId}/alerts`,
    alert,
    { part: 'alert' },
  );
  return { launches, events: 2 * eventsPerQueue, escalationId };
}

/** A beta for a few verified businesses. */
export function betaIntake(ids: Ids, now: number): object {
  const at = (days: number) => now + days * dayMs;
  return {
    ability: { novelty: 'configuration', descriptionNoteId: 'none' },
    launchType: { kind: 'new_product' },
    surfaces: { on: ['web'] },
    dates: { onePercentAt: at(20), tenPercentAt: at(22), fiftyPercentAt: at(25), fullAt: at(30) },
    ownership: {
      ownerPersonId: ids.people?.['launch_owner'] ?? '',
      deputyPersonId: ids.people?.['ops_lead'] ?? '',
      teamId: ids.teams?.['integrity'] ?? '',
      pagerServiceId: ids.services?.['assistant-abuse'] ?? '',
    },
    inputs: { media: ['text'] },
    outputs: { media: ['text'] },
    actions: { kinds: [], unattended: 'no' },
    browsing: { sources: 'none' },
    memory: { span: 'session' },
    customisation: { kinds: [] },
    contact: { kinds: [] },
    likeness: { of: [] },
    audience: { reach: 'vulnerable_excluded', minimumAge: 18, ageSignal: 'verified' },
    signIn: { level: 'verified_business', verification: 'document' },
    volume: {
      access: 'allow_list',
      usersP50: [20, 100, 300, 500],
      usersP90: [40, 200, 500, 800],
      eventsP50: [200, 1_000, 2_000, 3_000],
      eventsP90: [400, 2_000, 4_000, 6_000],
    },
    locales: { languages: ['en'], regions: ['europe'] },
    topics: { invited: [] },
    logging: { events: ['messages', 'account_changes'], completeness: 'full' },
    reviewerView: { content: 'full', retentionDays: 180 },
    privateModes: { zeroRetentionShare: 0, encryptedShare: 0 },
    joinKeys: { keys: ['account', 'organisation'] },
    privacyReview: { state: 'approved' },
    mitigations: { kinds: ['rate_limit'], refusalShare: 0.02, ratedHigh: [] },
    detectors: { detectorIds: Object.values(ids.detectors ?? {}) },
    enforcement: { actions: ['suspend_account'] },
    offSwitch: { reach: 'whole_product', holders: ['engineer', 'oncall_manager'] },
    reportButton: { on: 'account' },
    precedent: { launchId: 'none', escalations: 0 },
    ownAbuse: { harms: ['fraud', 'hate'], descriptionNoteId: 'none' },
  };
}
