import { canaryScenario } from './canary-scenario.ts';
import { caseScenario } from './case-scenario.ts';
import { enforcementScenario } from './enforcement-scenario.ts';
import { escalationScenario } from './escalation-scenario.ts';
import { heartbeatScenario } from './heartbeat-scenario.ts';
import { launchScenario } from './launch-scenario.ts';
import { replayable } from './replayable.ts';
import type { Replayable } from './replayable.ts';

/** Every machine that can be simulated, by the name that `npm run simulate -- <name> --seed N` takes. */
export const scenarios: Readonly<Record<string, Replayable>> = {
  canary: replayable(canaryScenario),
  case: replayable(caseScenario),
  enforcement: replayable(enforcementScenario),
  escalation: replayable(escalationScenario),
  heartbeat: replayable(heartbeatScenario),
  launch: replayable(launchScenario),
};
