import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { OnCallSnapshot, Simulation, SimulationPlan } from '#domain/escalation/simulation.ts';
import { readTemporalAddress } from '#config/env.ts';
import { quietReplay } from '../audit-replay.ts';
import { UsageError } from '../io.ts';
import { startDurableSimulator } from './durable-simulator.ts';

/**
 * Runs one simulation by the workflow itself, on the Temporal server that the environment names. Fails with a
 * `UsageError` when none answers there.
 */
export async function simulateByWorkflow(
  environment: Readonly<Record<string, string | undefined>>,
  snapshot: OnCallSnapshot,
  plan: SimulationPlan,
): Promise<Simulation> {
  const { address, namespace } = readTemporalAddress(environment);
  quietReplay();
  const connection = await NativeConnection.connect({ address }).catch((cause: unknown) => {
    throw new UsageError(`no Temporal server answers at ${address}: ${cause instanceof Error ? cause.message : ''}`);
  });
  const clientConnection = await Connection.connect({ address });
  try {
    const simulator = await startDurableSimulator({
      connection,
      client: new Client({ connection: clientConnection, namespace }),
    });
    try {
      return await simulator.run(snapshot, plan);
    } finally {
      await simulator.stop();
    }
  } finally {
    await clientConnection.close();
    await connection.close();
  }
}
