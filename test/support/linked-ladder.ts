import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { eq } from 'drizzle-orm';
import type { LadderEvent } from '#domain/escalation/messages.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { mintPageLink } from '#db/repositories/page-links.ts';
import { contactMethods, deliveries, escalations } from '#db/schema/index.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { LadderStory, policy, rung, to } from './ladder-story.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

/** An escalation whose ladder is the real machine, driven in the test's process, with the links that its pages carry. */
export interface LinkedLadder {
  readonly escalationId: string;
  readonly teamId: string;
  readonly ann: string;
  readonly bob: string;
  readonly story: LadderStory;
  /** Writes what the ladder has become, as the workflow's record does. */
  project(): Promise<void>;
  /** The secret of a link in one more page to that person. */
  link(personId: string, deliveryId?: string): Promise<string>;
  delivery(personId: string): Promise<string>;
  /** What the workflow does with a command: the machine decides, and the row says what became of it. */
  answer(envelope: CommandEnvelope): Promise<unknown>;
}

export interface LadderOptions {
  readonly title?: string;
  readonly sensitive?: boolean;
  readonly requiredAcks?: number;
  /** Bob's name. */
  readonly colleague?: string;
  /** How Ann and Bob are reached. */
  readonly channel?: string;
  /** The first page is with its provider. */
  readonly isInFlight?: boolean;
}

/** Ann is paged on the first rung, with Bob on the same when it needs two acknowledgements, else on the second. */
export async function openLinkedLadder(db: Database, options: LadderOptions = {}): Promise<LinkedLadder> {
  const {
    title = 'The disk is full',
    sensitive = false,
    requiredAcks,
    colleague = 'Bob',
    channel = 'webhook',
  } = options;
  const teamId = await seedTeam(db);
  const ann = await seedPerson(db, { name: 'Ann', roles: ['responder'], channel, timeZone: 'Europe/Berlin' });
  const bob = await seedPerson(db, { name: colleague, roles: ['responder'], channel });
  const rungs =
    requiredAcks === undefined ? [rung(to(ann)), rung(to(bob))] : [{ ...rung(to(ann), to(bob)), requiredAcks }];
  const document: PolicyDocument = { rungs, catchAllPersonId: bob };
  const serviceId = await seedService(db, teamId, ann, document);
  const escalationId = newId('escalation');
  const story = new LadderStory({ escalationId, serviceId, teamId, sensitive, policy: policy(document) }, Date.now());
  for (const personId of [ann, bob])
    story.world.rules[personId] = [{ ruleId: 'nrl_1', contactMethodId: await methodOf(personId), channel, delayMs: 0 }];
  if (options.isInFlight === true) story.world.result = () => null;
  story.open();
  const { ladder } = story;
  await db.insert(escalations).values({
    id: escalationId,
    serviceId,
    teamId,
    dedupKey: 'disk',
    title,
    severity: ladder.severity,
    status: ladder.status,
    state: ladder,
    version: ladder.version,
    firstTriggerSeq: 1,
    lastTriggerSeq: 1,
  });

  async function project(): Promise<void> {
    const { ladder: now } = story;
    const { status, version, acknowledgedBy } = now;
    const closedAt = status === 'resolved' ? new Date() : null;
    await db
      .update(escalations)
      .set({ status, version, acknowledgedBy, state: now, closedAt })
      .where(eq(escalations.id, escalationId));
  }

  async function methodOf(personId: string): Promise<string> {
    const [method] = await db.select().from(contactMethods).where(eq(contactMethods.personId, personId));
    return method?.id ?? '';
  }

  async function delivery(personId: string): Promise<string> {
    const id = newId('delivery');
    await db.insert(deliveries).values({
      id,
      escalationId,
      effectKey: id,
      kind: 'rung',
      pass: 0,
      rung: 0,
      personId,
      contactMethodId: await methodOf(personId),
      channel,
      status: 'sent',
    });
    return id;
  }

  return {
    escalationId,
    teamId,
    ann,
    bob,
    story,
    project,
    delivery,
    async link(personId, deliveryId) {
      const id = deliveryId ?? (await delivery(personId));
      return mintPageLink(db, { deliveryId: id, escalationId, personId, action: 'acknowledge' });
    },
    async answer({ name, actor, input }) {
      story.now = Math.max(story.now, Date.now());
      const step = story.send({ ...input, type: name, by: actor } as unknown as LadderEvent);
      if (step.outcome === 'refused') {
        const { code: type, detail } = step;
        throw new WorkflowUpdateFailedError(
          'refused',
          ApplicationFailure.create({ type, message: 'refused', details: [detail] }),
        );
      }
      await project();
      return { ...('answer' in step ? step.answer : {}), version: story.ladder.version };
    },
  };
}
