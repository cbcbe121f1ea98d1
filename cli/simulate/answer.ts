import type { Happening } from '#domain/escalation/happening.ts';
import type { SimulatedPage, Simulation } from '#domain/escalation/simulation.ts';
import type { OnCallSnapshot } from '#domain/escalation/simulation.ts';
import { toIso } from '#domain/time.ts';

export type AnsweredPage = Omit<SimulatedPage, 'at' | 'key' | 'walk'> & { readonly at: string };

/** What the API answers to a simulation. */
export interface SimulationAnswer {
  readonly policyVersion: number;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly urgency: string;
  readonly status: string;
  readonly noOneReached: boolean;
  readonly nextAt: string | null;
  readonly pages: readonly AnsweredPage[];
  readonly steps: readonly { readonly at: string; readonly fact: Happening }[];
  readonly refusals: readonly { readonly at: string; readonly personId: string; readonly code: string }[];
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly snapshot?: OnCallSnapshot;
}

/** The pages of a simulation as the API would answer them. */
export const asAnswered = ({ pages }: Simulation): AnsweredPage[] =>
  pages.map(({ key: _key, walk: _walk, ...page }) => ({ ...page, at: toIso(page.at) }));
