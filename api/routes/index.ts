import type { ApiDeps } from '../deps.ts';
import { registerAcknowledgePage } from '../pages/acknowledge.ts';
import { registerAlertEvents } from './alert-events.ts';
import { registerAudit } from './audit.ts';
import { registerCalendars } from './calendars.ts';
import { registerCanaries } from './canaries.ts';
import { registerCases } from './cases.ts';
import { registerChangeEvents } from './change-events.ts';
import { registerCommands } from './commands.ts';
import { registerContactMethods } from './contact-methods.ts';
import { registerDecisions } from './decisions.ts';
import { registerDetectorVersions } from './detector-versions.ts';
import { registerDetectors } from './detectors.ts';
import { registerEnforcementOrders } from './enforcement-orders.ts';
import { registerEscalationPolicies } from './escalation-policies.ts';
import { registerEscalationRestarts } from './escalation-restarts.ts';
import { registerEscalationTimeline } from './escalation-timeline.ts';
import { registerEscalations } from './escalations.ts';
import { registerEventsV2 } from './events-v2.ts';
import { registerGrafanaOnCall } from './grafana-oncall.ts';
import { registerHandoverNotes } from './handover-notes.ts';
import { registerHealth } from './health.ts';
import { registerHeartbeatMonitors } from './heartbeat-monitors.ts';
import { registerHeartbeats } from './heartbeats.ts';
import { registerIntakeWebhooks } from './intake-webhooks.ts';
import { registerIntake } from './intake.ts';
import { registerIntegrationKeys } from './integration-keys.ts';
import { registerIntegrations } from './integrations.ts';
import { registerKillSwitches } from './kill-switches.ts';
import { registerLaunches } from './launches.ts';
import { registerMaintenanceWindows } from './maintenance-windows.ts';
import { registerMappingTrials } from './mapping-trials.ts';
import { registerNotes } from './notes.ts';
import { registerOncallChecks } from './oncall-checks.ts';
import { registerOncallReports } from './oncall-reports.ts';
import { registerOpsgenie } from './opsgenie.ts';
import { registerPersons } from './persons.ts';
import { registerPolicies } from './policies.ts';
import { registerPrincipals } from './principals.ts';
import { registerProducts } from './products.ts';
import { registerProtectedSubjects } from './protected-subjects.ts';
import { registerProviders } from './providers.ts';
import { registerReference } from './reference.ts';
import { registerReviewQueues } from './review-queues.ts';
import { registerReviewTasks } from './review-tasks.ts';
import { registerScheduleExceptions } from './schedule-exceptions.ts';
import { registerScheduleQuestions } from './schedule-questions.ts';
import { registerSchedules } from './schedules.ts';
import { registerServices } from './services.ts';
import { registerSignals } from './signals.ts';
import { registerSimulations } from './simulations.ts';
import { registerSlackInteractions } from './slack-interactions.ts';
import { registerSuppressionRules } from './suppression-rules.ts';
import { registerSwapRequests } from './swap-requests.ts';
import { registerTeams } from './teams.ts';
import { registerTokens } from './tokens.ts';
import { registerTwilioWebhooks } from './twilio-webhooks.ts';
import type { Routes } from './types.ts';

const resources = [
  registerHealth,
  registerTeams,
  registerPrincipals,
  registerTokens,
  registerPersons,
  registerContactMethods,
  registerProducts,
  registerServices,
  registerIntegrations,
  registerIntegrationKeys,
  registerSuppressionRules,
  registerMaintenanceWindows,
  registerEscalationPolicies,
  registerSimulations,
  registerSchedules,
  registerScheduleExceptions,
  registerScheduleQuestions,
  registerHandoverNotes,
  registerOncallReports,
  registerOncallChecks,
  registerSwapRequests,
  registerCalendars,
  registerPolicies,
  registerReviewQueues,
  registerReviewTasks,
  registerDetectors,
  registerDetectorVersions,
  registerKillSwitches,
  registerIntake,
  registerIntakeWebhooks,
  registerGrafanaOnCall,
  registerOpsgenie,
  registerEventsV2,
  registerChangeEvents,
  registerMappingTrials,
  registerHeartbeats,
  registerHeartbeatMonitors,
  registerEscalations,
  registerEscalationRestarts,
  registerEscalationTimeline,
  registerAcknowledgePage,
  registerAudit,
  registerCanaries,
  registerCases,
  registerCommands,
  registerEnforcementOrders,
  registerLaunches,
  registerReference,
  registerProviders,
  registerSignals,
  registerAlertEvents,
  registerDecisions,
  registerNotes,
  registerProtectedSubjects,
  registerSlackInteractions,
  registerTwilioWebhooks,
] as const;

/** Every route of the API, one file per resource. */
export function registerRoutes(app: Routes, deps: ApiDeps): void {
  for (const register of resources) register(app, deps);
}
