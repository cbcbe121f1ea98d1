export { simulationRuns } from '#config/simulation.ts';
