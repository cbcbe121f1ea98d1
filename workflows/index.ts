export { canary } from './canary.ts';
export { detectionSweep } from './detection-sweep.ts';
export { enforce } from './enforce.ts';
export { escalationLadder } from './escalation-ladder.ts';
export { heartbeatMonitor } from './heartbeat-monitor.ts';
export { launchReadiness } from './launch-readiness.ts';
export { oncallWatch } from './oncall-watch.ts';
export { reviewCase } from './review-case.ts';
