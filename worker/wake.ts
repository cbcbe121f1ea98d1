import pg from 'pg';
import type { RelayOptions } from './relay.ts';

/** Waits that can be cut short together. A wake that comes while nobody waits ends the next wait at once. */
export class Wake {
  private isPending = false;
  private waiting = new Set<() => void>();

  now(): void {
    this.isPending = this.waiting.size === 0;
    for (const release of this.waiting) release();
    this.waiting.clear();
  }

  async wait(ms: number): Promise<void> {
    if (this.isPending) {
      this.isPending = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const release = () => {
        clearTimeout(timer);
        this.waiting.delete(release);
        resolve();
      };
      const timer = setTimeout(release, ms);
      this.waiting.add(release);
    });
  }
}

/** Keeps one connection of its own listening; after a loss it connects again, and the poll bridges the gap. */
export function listenForCommands(
  { databaseUrl, log, pollMs }: Pick<RelayOptions, 'databaseUrl' | 'log' | 'pollMs'>,
  wake: Wake,
): { stop(): Promise<void> } {
  let stopping = false;
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;

  const connect = async () => {
    const next = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'vigil-relay-listener',
      keepAlive: true,
    });
    next.on('notification', () => wake.now());
    next.on('error', (error) => {
      log.warn({ err: error }, 'the relay lost its listening connection');
      again();
    });
    next.on('end', again);
    client = next;
    await next.connect();
    await next.query('LISTEN vigil_commands');
    wake.now();
  };
  const again = () => {
    if (stopping || retry) return;
    retry = setTimeout(() => {
      retry = null;
      connect().catch(again);
    }, pollMs);
  };
  connect().catch(again);
  return {
    async stop() {
      stopping = true;
      if (retry) clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
