import { randomBytes, randomUUID } from 'node:crypto';
import { ServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger, FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { buildApp } from '#api/app.ts';
import type { AppDeps, SlackInteractions } from '#api/deps.ts';
import type { Intake } from '#api/intake/intake.ts';
import type { Role } from '#domain/actor.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { persons, principals, roleGrants, teams, tokens } from '#db/schema/index.ts';
import { createTestDatabase } from './database.ts';

export interface TestApi {
  readonly app: FastifyInstance;
  readonly db: Database;
  readonly ownerUrl: string;
  readonly databaseName: string;
  /** Creates a principal that holds the roles, for all teams unless one is named, and a token of it. */
  principal(options?: {
    kind?: 'person' | 'service';
    roles?: readonly Role[];
    teamId?: string | null;
  }): Promise<Caller>;
  team(): Promise<string>;
  stop(): Promise<void>;
}

export interface Caller {
  readonly id: string;
  readonly token: string;
  /** Sends a request with this caller's token; a POST gets an Idempotency-Key unless the headers name one. */
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The API over a real database of the test file's own. Temporal is whatever stub the test needs: by default it is away. */
export async function startTestApi(temporal: Client = awayTemporal(), commandDeadlineMs = 2_000): Promise<TestApi> {
  const database = await createTestDatabase();
  const db = connectDatabase({
    url: database.appUrl,
    size: 24,
    applicationName: 'vigil-test-api',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  const app = await testApiOver(db, temporal, { commandDeadlineMs });

  const team = async (): Promise<string> => {
    const id = newId('team');
    await db.insert(teams).values({ id, key: `team-${id.slice(-12)}`, name: 'team' });
    return id;
  };
  const principal: TestApi['principal'] = async ({ kind = 'person', roles = [], teamId = null } = {}) => {
    const id = newId(kind);
    const token = `vgl_${randomBytes(32).toString('base64url')}`;
    await db.insert(principals).values({ id, kind, name: kind });
    if (kind === 'person') await db.insert(persons).values({ id });
    for (const role of roles)
      await db.insert(roleGrants).values({ id: newId('roleGrant'), principalId: id, role, teamId });
    await db.insert(tokens).values({
      id: newId('token'),
      principalId: id,
      sha256: sha256Hex(token),
      label: 'test',
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    return {
      id,
      token,
      call: (method, url, body, headers) => app.inject(requestOf(token, method, url, body, headers)),
    };
  };
  return {
    app,
    db,
    ownerUrl: database.ownerUrl,
    databaseName: database.name,
    principal,
    team,
    async stop() {
      await app.close();
      await db.$client.end();
      await database.drop();
    },
  };
}

/** The app alone, over whatever database. */
export async function testApiOver(
  db: Database,
  temporal: Client,
  {
    log = pino({ level: 'silent' }),
    commandDeadlineMs = 2_000,
    eventsPerMinute = 1_000_000,
    rateLimitPerMinute = 1_000_000,
    intake,
    slack,
    providers = {},
  }: {
    /** Providers that call back, and where webhooks may go. */
    providers?: Pick<AppDeps, 'twilio' | 'outgoingAllow'>;
    log?: FastifyBaseLogger;
    commandDeadlineMs?: number;
    eventsPerMinute?: number;
    rateLimitPerMinute?: number;
    intake?: Intake;
    slack?: SlackInteractions;
  } = {},
): Promise<FastifyInstance> {
  const app = await buildApp({
    db,
    temporal,
    config: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      rateLimitPerMinute,
      eventsPerMinute,
      trustedProxies: [],
      commandDeadlineMs,
    },
    log,
    ...(intake === undefined ? {} : { intake }),
    ...(slack === undefined ? {} : { slack }),
    ...providers,
    // A busy machine is no reason for a test to fail.
    maxEventLoopDelayMs: 0,
  });
  await app.ready();
  return app;
}

function requestOf(
  token: string,
  method: Method,
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): InjectOptions {
  const key = method === 'POST' ? { 'idempotency-key': randomUUID() } : {};
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return { method, url, headers: { authorization: `Bearer ${token}`, ...type, ...key, ...headers }, ...payload };
}

/** A Temporal that cannot be reached: every call fails as a lost connection does. */
export function awayTemporal(): Client {
  const away = () =>
    Promise.reject(
      Object.assign(new Error('14 UNAVAILABLE: no connection'), { code: 14, details: 'no connection', metadata: {} }),
    );
  return stubTemporal({ executeUpdate: away, signal: away, start: away });
}

export interface TemporalStub {
  executeUpdate(name: unknown, options: { args: unknown[]; updateId: string }): Promise<unknown>;
  signal?(name: unknown, ...args: unknown[]): Promise<unknown>;
  start?(workflow: string, options: unknown): Promise<unknown>;
}

/** The part of the client that the API uses, with the test's answers. */
export function stubTemporal(stub: TemporalStub): Client {
  const handle = {
    executeUpdate: stub.executeUpdate.bind(stub),
    signal: stub.signal?.bind(stub),
    describe: () => Promise.reject(new ServiceError('no connection')),
  };
  const workflow = {
    getHandle: () => handle,
    start: stub.start?.bind(stub),
    executeUpdateWithStart: (name: unknown, options: { updateId: string }) =>
      stub.executeUpdate(name, { args: [], ...options }),
  };
  const workflowService = { getSystemInfo: () => Promise.reject(new Error('no connection')) };
  return {
    workflow,
    workflowService,
    options: { namespace: 'default' },
    withDeadline: (_at: number, work: () => Promise<unknown>) => work(),
  } as unknown as Client;
}
