import type { Person, Role } from '#domain/actor.ts';
import type { DetectorDefinition } from '#domain/detection/definition.ts';
import type { Maturity } from '#domain/detection/detector.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Severity } from '#domain/severity.ts';
import { minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { findDetectorVersion } from '#db/repositories/detectors.ts';
import { fileSignals } from '#db/repositories/signals.ts';
import type { Filed } from '#db/repositories/signals.ts';
import { detectors, detectorVersions, policies, policyVersions, products, reviewQueues } from '#db/schema/index.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

/** One product with everything that a finding about it may need: people, queues, a policy for each harm, a pager service. */
export interface CaseWorld {
  readonly db: Database;
  readonly teamId: string;
  readonly productId: string;
  readonly serviceId: string;
  readonly queueId: string;
  readonly sensitiveQueueId: string;
  readonly people: Readonly<Record<PersonName, Person>>;
}

const cast = {
  reviewer: ['reviewer'],
  second: ['reviewer'],
  third: ['reviewer'],
  sensitive: ['sensitive_reviewer'],
  ops: ['ops_lead'],
  policy: ['policy'],
  oncall: ['responder'],
  backup: ['responder'],
  manager: ['oncall_manager'],
} as const satisfies Record<string, readonly Role[]>;
export type PersonName = keyof typeof cast;

const seededHarms = ['fraud', 'cyber', 'csae', 'plat'];

/**
 * Builds a world of its own. Each person's phone has the person's name, with `suffix` behind it. The pager service asks
 * `oncall`, ten minutes later `backup`, and in the end `manager`.
 */
export async function buildCaseWorld(
  db: Database,
  options: {
    readonly suffix?: string;
    readonly policyText?: string;
    readonly policy?: (people: CaseWorld['people']) => PolicyDocument;
  } = {},
): Promise<CaseWorld> {
  const teamId = await seedTeam(db);
  const people = {} as Record<PersonName, Person>;
  for (const [name, roles] of Object.entries(cast) as [PersonName, readonly Role[]][]) {
    const id = await seedPerson(db, { name: `${name}${options.suffix ?? ''}`, roles });
    people[name] = { kind: 'person', id, roles };
  }
  const serviceId = await seedService(db, teamId, people.manager.id, (options.policy ?? twoRungs)(people));
  const productId = newId('product');
  const key = productId.slice(-8);
  const product = { id: productId, teamId, key, name: 'Outreach assistant', serviceId, countries: ['DE', 'FR'] };
  await db.insert(products).values(product);
  const queue = { teamId, title: 'queue', harms: [], position: 0 };
  const queueId = newId('reviewQueue');
  const sensitiveQueueId = newId('reviewQueue');
  await db.insert(reviewQueues).values([
    { ...queue, id: queueId, key: `general-${key}` },
    { ...queue, id: sensitiveQueueId, key: `sensitive-${key}`, sensitive: true },
  ]);
  for (const harm of seededHarms) await publishPolicy(db, harm, people.policy.id, options.policyText);
  return { db, teamId, productId, serviceId, queueId, sensitiveQueueId, people };
}

const twoRungs = (people: CaseWorld['people']): PolicyDocument => ({
  rungs: [
    { targets: [{ kind: 'person', personId: people.oncall.id }], ackWithinMs: 10 * minuteMs },
    { targets: [{ kind: 'person', personId: people.backup.id }], ackWithinMs: 10 * minuteMs },
  ],
  catchAllPersonId: people.manager.id,
});

async function publishPolicy(db: Database, harm: string, publishedBy: string, text?: string): Promise<void> {
  const policyId = newId('policy');
  const id = newId('policyVersion');
  const body = text ?? `What counts as ${harm}.`;
  const policy = { id: policyId, key: `${harm}-${policyId.slice(-8)}`, title: `Policy on ${harm}`, harm };
  await db.insert(policies).values(policy);
  await db.insert(policyVersions).values({ id, policyId, number: 1, body, sha256: sha256Hex(body), publishedBy });
}

export interface SeededDetector {
  readonly definition?: DetectorDefinition;
  readonly maturity?: Maturity;
  readonly harm?: string;
  readonly severity?: Severity;
  readonly threshold?: number;
}

const bulkRules: DetectorDefinition = {
  kind: 'rules',
  rules: {
    format: 1,
    threshold: 50,
    rules: [{ id: 'bulk', weight: 60, when: { type: 'compare', attribute: 'recipients', op: 'ge', value: 100 } }],
  },
  canary: { kind: 'message_sent', attributes: { recipients: 500 }, text: null, repeat: 1 },
};

/** A rules detector for mails to very many recipients, unless told otherwise; returns the id of its only version. */
export async function seedDetector(world: CaseWorld, options: SeededDetector = {}): Promise<string> {
  const { db, productId, teamId, people } = world;
  const definition = options.definition ?? bulkRules;
  const detectorId = newId('detector');
  const versionId = newId('detectorVersion');
  await db.insert(detectors).values({
    id: detectorId,
    productId,
    teamId,
    key: `detector-${detectorId.slice(-8)}`,
    kind: definition.kind,
    harm: options.harm ?? 'fraud',
    severity: options.severity ?? 2,
    title: 'Bulk mail',
    ownerId: people.ops.id,
  });
  await db.insert(detectorVersions).values({
    id: versionId,
    detectorId,
    number: 1,
    definition,
    sha256: sha256Hex(JSON.stringify(definition)),
    maturity: options.maturity ?? 'M4',
    threshold: options.threshold ?? 0.5,
    createdBy: people.ops.id,
  });
  return versionId;
}

/** Files one finding of a detector about an account, as a sweep does; without an event it is one that windows found. */
export async function fileFinding(
  world: CaseWorld,
  detectorVersionId: string,
  accountRef: string,
  finding: { readonly key?: string; readonly synthetic?: boolean; readonly severity?: Severity } = {},
): Promise<Filed> {
  const detector = await findDetectorVersion(world.db, detectorVersionId);
  if (!detector) throw new Error('no such detector version');
  const { productId, teamId, harm } = detector;
  const severity = finding.severity ?? detector.severity;
  const signal = {
    accountRef,
    score: 0.9,
    eventId: null,
    contentId: null,
    occurredAt: Date.now(),
    synthetic: finding.synthetic ?? false,
    dedupeKey: finding.key ?? newId('signal'),
  };
  return world.db.transaction((tx) =>
    fileSignals(tx, { detectorVersionId, productId, teamId, harm, severity, mode: 'live' }, [signal]),
  );
}
