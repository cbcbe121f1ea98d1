/** Seeds that each machine's simulation runs in the ordinary suite. */
const ordinaryRuns = 2_000;

/**
 * How many seeds a simulation test runs: 2,000, or what `VIGIL_SIMULATION_RUNS` says (10,000 before a release).
 *
 * Fails when the variable is set to anything but a whole number from 1 to 10,000,000, so that a typing error never
 * passes as a short run.
 */
export function simulationRuns(): number {
  const given = process.env['VIGIL_SIMULATION_RUNS'];
  if (given === undefined || given === '') return ordinaryRuns;
  const runs = Number(given);
  if (!Number.isInteger(runs) || runs < 1 || runs > 10_000_000) {
    throw new Error(`VIGIL_SIMULATION_RUNS must be a whole number from 1 to 10000000, not "${given}"`);
  }
  return runs;
}
