import type { EnforcementApi } from '#activities/clients/enforcement-api.ts';
import { createEnforcementApi } from '#activities/clients/enforcement-api.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createWebhookSigner } from '#activities/clients/signed-webhook.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { createPlatform } from '#demo/simulators/platform.ts';
import type { PlatformRecord } from '#demo/simulators/platform-ledger.ts';
import type { FaultRequest } from '#demo/simulators/faults.ts';
import { setFault, testSecret } from '#demo/simulators/test-client.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

type Of<T extends PlatformRecord['type']> = Extract<PlatformRecord, { type: T }>;

/** The simulated platform on a port of loopback, and the real client that calls it. */
export interface TestPlatform {
  readonly api: EnforcementApi;
  fault(fault: FaultRequest): Promise<void>;
  /** What it wrote down of that kind. */
  records<T extends PlatformRecord['type']>(type: T): Promise<Of<T>[]>;
  /** Its changes of an account that were effective: what may be there once per order and operation. */
  changes(accountRef: string): Promise<Of<'action'>[]>;
  status(accountRef: string): Promise<string>;
  /** Refuses connections from now on, and knows everything again when it comes back. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestPlatform(): Promise<TestPlatform> {
  const { value, stop } = await inTemporaryFolder('test-platform', async (folder) => {
    const listen = async (port: number) => {
      const app = createPlatform({ secret: testSecret, logFile: `${folder}/platform.jsonl` });
      return { app, url: await app.listen({ host: '127.0.0.1', port }) };
    };
    let running: Awaited<ReturnType<typeof listen>> | null = await listen(0);
    const { url } = running;
    const goDown = async (): Promise<void> => {
      await running?.app.close();
      running = null;
    };
    const comeBack = async (): Promise<void> => {
      running ??= await listen(Number(new URL(url).port));
    };
    return { url, goDown, comeBack, stop: goDown };
  });
  const { url, goDown, comeBack } = value;
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [new URL(url).host] }) });
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}${path}`)).json()) as T;
  const records: TestPlatform['records'] = async (type) => {
    const log = await get<{ records: PlatformRecord[] }>('/log');
    return log.records.filter((record): record is Of<typeof type> => record.type === type);
  };
  return {
    api: createEnforcementApi({ http, signer: createWebhookSigner([testSecret]), baseUrl: url, timeoutMs: 4_000 }),
    fault: (fault) => setFault(url, fault),
    records,
    changes: async (accountRef) =>
      (await records('action')).filter((record) => record.target.ref === accountRef && record.changed),
    status: async (accountRef) => (await get<{ status: string }>(`/accounts/${accountRef}`)).status,
    goDown,
    comeBack,
    async stop() {
      await http.close();
      await stop();
    },
  };
}
