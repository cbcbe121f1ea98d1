import { holds } from '../actor.ts';
import type { Person } from '../actor.ts';

/** Sensitive harm is shown only to people who hold `sensitive_reviewer`, which includes the ordinary role. */
export const mayReview = (person: Person, sensitive: boolean): boolean =>
  sensitive ? holds(person, 'sensitive_reviewer') : holds(person, 'reviewer', 'sensitive_reviewer');

/** Who may escalate or merge a case without deciding it. */
export const maySteer = (person: Person): boolean =>
  holds(person, 'reviewer', 'sensitive_reviewer', 'ops_lead', 'investigator', 'protection_scientist', 'responder');
