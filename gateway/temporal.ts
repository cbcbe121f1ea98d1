import { Client, Connection } from '@temporalio/client';

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

export interface Gateway {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * The one client of Temporal that a process holds. Connects lazily: an API must come up, and answer 202, while Temporal
 * is away.
 */
export function connectTemporal({ address, namespace }: TemporalAddress, identity: string): Gateway {
  const connection = Connection.lazy({ address, connectTimeout: '5s' });
  return {
    client: new Client({ connection, namespace, identity }),
    close: () => connection.close(),
  };
}
