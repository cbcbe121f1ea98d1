import type { ApiDeps } from '../deps.ts';
import { registerEscalations } from './escalations.ts';
import { registerPersons } from './persons.ts';
import { registerPrincipals } from './principals.ts';
import { registerTeams } from './teams.ts';
import { registerTokens } from './tokens.ts';
import type { Routes } from './types.ts';

/** Every route of the API, one file per resource. */
export function registerRoutes(app: Routes, deps: ApiDeps): void {
  registerTeams(app, deps);
  registerPrincipals(app, deps);
  registerTokens(app, deps);
  registerPersons(app, deps);
  registerEscalations(app, deps);
}
