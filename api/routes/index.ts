import type { ApiDeps } from '../deps.ts';
import { registerEscalations } from './escalations.ts';
import type { Routes } from './types.ts';

/** Every route of the API, one file per resource. */
export function registerRoutes(app: Routes, deps: ApiDeps): void {
  registerEscalations(app, deps);
}
