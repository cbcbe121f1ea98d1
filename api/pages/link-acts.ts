import type { FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { Transaction } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import type { Outcome } from '#db/repositories/commands.ts';
import { undoPageLink, usePageLink } from '#db/repositories/page-links.ts';
import type { PageLink } from '#db/repositories/page-links.ts';
import type { Principal } from '#db/repositories/principals.ts';
import { awaitOutcome, carryOut } from '../commands.ts';
import type { ApiDeps } from '../deps.ts';
import type { Confirmed, LinkAct } from './confirmation.ts';

const commandOf = {
  acknowledge: { name: 'acknowledge', mark: usePageLink },
  undo: { name: 'unacknowledge', mark: (tx: Transaction, link: PageLink) => undoPageLink(tx, link) },
} as const satisfies Record<LinkAct, { name: string; mark: typeof usePageLink }>;

/** Another request with the same link, or of the same page, was first. */
class LinkSpent extends Error {}

/**
 * Does what a form of the link asked for, as that person with the roles held now, by the one path of commands.
 *
 * The link is marked in the transaction that writes the command, so it acts once, however often and wherever it is
 * tapped. Returns how it ended: null while Temporal or its worker is away, `spent` when another tap was first.
 */
export async function act(
  deps: ApiDeps,
  request: FastifyRequest,
  what: { readonly link: PageLink; readonly person: Pick<Principal, 'id' | 'kind' | 'grants'>; readonly act: LinkAct },
  { version, nonce }: Confirmed,
): Promise<Outcome | 'spent' | null> {
  const { link, person } = what;
  const { name, mark } = commandOf[what.act];
  const idempotencyKey = `page-link:${what.act}:${link.id}:${nonce}`;
  try {
    const { row, isNew, outcome } = await carryOut(
      deps,
      request,
      { principal: person, idempotencyKey, requestSha256: sha256Hex(idempotencyKey) },
      {
        name,
        kind: 'escalation',
        aggregateId: link.escalation.id,
        teamId: link.escalation.teamId,
        input: { seenVersion: version, via: 'page_link' },
        priority: 1,
        also: async (tx, commandId) => {
          if (!(await mark(tx, link, commandId))) throw new LinkSpent();
        },
      },
    );
    return isNew || outcome !== null ? outcome : await awaitOutcome(deps, row);
  } catch (error) {
    if (error instanceof LinkSpent) return 'spent';
    throw error;
  }
}

/** The refusal, or the failure, as an error of the one table. */
export const toError = (outcome: Exclude<Outcome, { status: 'done' }>): VigilError =>
  new VigilError(outcome.code as ErrorCode, outcome.detail);
