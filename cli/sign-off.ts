import { Option } from 'commander';
import type { Command } from 'commander';
import { signOffChoices } from '#domain/launch/launch-parts.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import { errorTable } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import type { Context } from './context.ts';
import { note } from './decisions.ts';
import { ProblemError } from './http.ts';
import { readInstant } from './instants.ts';
import { UsageError } from './io.ts';

export interface SignOffOptions {
  readonly role?: string;
  readonly choice?: string;
  readonly evidence?: string;
  readonly conditionDue?: string;
  readonly note?: string;
  readonly file?: string;
}

/** The evidence set that a sign-off signs for. */
export interface EvidenceSet {
  readonly revision: number;
  readonly hash: string;
}

/** How the readiness page shows an evidence set, and how `--evidence` names it: revision and the beginning of the hash. */
export const shortEvidence = ({ revision, hash }: EvidenceSet): string => `${revision}:${hash.slice(0, 12)}`;

export const signOffFields = (command: Command): Command =>
  command
    .addOption(new Option('--role <role>', 'for which you sign').choices(launchRoles))
    .addOption(new Option('--choice <choice>', 'what you say').choices(signOffChoices))
    .option('--evidence <revision:hash>', 'the evidence set that you saw, as the readiness page shows it')
    .option('--condition-due <time>', 'by when the condition must be met: an instant, or from now: 14d')
    .option('--note <text>', note.text)
    .option('--file <file>', 'the body as a JSON document; - reads standard input');

/**
 * The body of a sign-off. People sign what they saw: fails with `launch.evidence_changed`, as the API
 * would, when `--evidence` names another set than the one there is now.
 */
export async function signOffBody(context: Context, options: SignOffOptions, current: EvidenceSet): Promise<Json> {
  if (options.file !== undefined) return context.document(options.file);
  const { role, choice, evidence, conditionDue, note: text } = options;
  if (role === undefined || choice === undefined || evidence === undefined) {
    throw new UsageError('name --role, --choice and --evidence, or a document with --file');
  }
  const [, revision, hash = ''] = /^(\d+):([0-9a-f]{8,64})$/.exec(evidence) ?? [];
  if (revision === undefined)
    throw new UsageError('--evidence is like 12:0a1b2c3d4e5f: the revision, and at least 8 digits of the hash');
  if (Number(revision) !== current.revision || !current.hash.startsWith(hash)) {
    const code = 'launch.evidence_changed';
    const { title, status } = errorTable[code];
    throw new ProblemError({ title, status, code, context: { evidence: shortEvidence(current) } });
  }
  return {
    role,
    choice,
    evidenceRevision: current.revision,
    evidenceSetHash: current.hash,
    ...(conditionDue === undefined ? {} : { conditionDueAt: readInstant(conditionDue, Date.now()) }),
    ...(text === undefined ? {} : { note: text }),
  };
}
