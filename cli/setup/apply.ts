import type { Json } from '#domain/json.ts';
import { ProblemError } from '../http.ts';
import type { ApiClient } from '../http.ts';
import type { Ids, Section, Setup } from './document.ts';
import { referredId, resolveReferences } from './document.ts';
import { applyDetectors } from './detectors.ts';
import { applyPeople, applySenders } from './people.ts';
import { applyEntries, applyPolicies, applyServices } from './entries.ts';

/** `differs`: it is there otherwise than wanted, and the API has no way to change that. */
export type Outcome = 'created' | 'changed' | 'unchanged' | 'differs';

export interface Applied {
  readonly section: Section;
  readonly key: string;
  readonly id: string;
  readonly outcome: Outcome;
}

export interface SetupResult {
  readonly items: readonly Applied[];
  readonly ids: Ids;
}

export interface SetupClients {
  /** An administrator's: makes whatever names nobody else as its author. */
  readonly admin: ApiClient;
  /** The client of a person of the setup, for entries with `by`. Asked only once the person exists. */
  readonly as: (person: { readonly key: string; readonly id: string }) => Promise<ApiClient>;
}

/** What each section works with. */
export interface Work {
  readonly setup: Setup;
  clientFor(by: string | undefined): Promise<ApiClient>;
  readonly admin: ApiClient;
  resolve(value: Json): Json;
  /** Does one entry's part and notes what became of it. What the API refuses is told with the entry that it refused. */
  entry(
    section: Section,
    key: string,
    apply: () => Promise<{ readonly id: string; readonly outcome: Outcome }>,
  ): Promise<void>;
}

/**
 * Makes an installation hold what the setup says, in the order in which things need each other. Nothing is ever removed.
 *
 * Safe to repeat: what is there as wanted stays untouched, what can be changed is changed. Fails at the first thing that
 * the API refuses; what was made until then stays, and the next call goes on from there.
 */
export async function applySetup(setup: Setup, clients: SetupClients): Promise<SetupResult> {
  const items: Applied[] = [];
  const ids: { [section in Section]?: { [key: string]: string } } = {};
  const work: Work = {
    setup,
    admin: clients.admin,
    async clientFor(by) {
      if (by === undefined) return clients.admin;
      const key = by.replace(/^@people\//, '');
      return clients.as({ key, id: referredId(`@people/${key}`, ids) });
    },
    resolve: (value) => resolveReferences(value, ids),
    async entry(section, key, apply) {
      try {
        const { id, outcome } = await apply();
        items.push({ section, key, id, outcome });
        (ids[section] ??= {})[key] = id;
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        const { problem } = error;
        throw new ProblemError({ ...problem, context: { ...problem.context, entry: `${section}/${key}` } });
      }
    },
  };
  await applyEntries(work, 'teams');
  await applyPeople(work);
  await applySenders(work);
  await applyEntries(work, 'schedules');
  await applyEntries(work, 'escalationPolicies');
  await applyServices(work);
  await applyEntries(work, 'products');
  await applyPolicies(work);
  await applyEntries(work, 'queues');
  await applyDetectors(work);
  return { items, ids };
}
