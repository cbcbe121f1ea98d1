import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import Fastify, { LogController } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { VigilError } from '#domain/errors.ts';
import type { AppDeps } from './deps.ts';
import { createIntake } from './intake/intake.ts';
import { registerAuthentication } from './plugins/authentication.ts';
import { registerAddressCheck, registerBodyParser } from './plugins/body.ts';
import { registerErrors, sendProblem } from './plugins/errors.ts';
import { registerInventory } from './plugins/inventory.ts';
import { createMetrics, registerMetrics } from './plugins/metrics.ts';
import { registerOpenApi } from './plugins/openapi.ts';
import { toProblem } from './problem.ts';
import { registerRoutes } from './routes/index.ts';

export const bodyLimitBytes = 512 * 1024;

/** Builds the API without listening. Nothing is contacted until a request comes in. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    trustProxy: deps.config.trustedProxies.length > 0 ? [...deps.config.trustedProxies] : false,
    genReqId: (request) => acceptedRequestId(request.headers['x-request-id']) ?? `req_${randomUUID()}`,
    logController: new LogController({ disableRequestLogging: true }),
    // The longest is an alias of Opsgenie: 512 characters, each up to three when it is escaped. Addresses of Grafana OnCall
    // end with a slash.
    routerOptions: { maxParamLength: 1_600, ignoreTrailingSlash: true },
    // An address that cannot be decoded never reaches the error handler.
    frameworkErrors: (_error, request, reply) => {
      void sendProblem(reply, toProblem('request.unreadable', request.id));
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  registerBodyParser(app);
  registerErrors(app);
  registerInventory(app);
  const metrics = deps.metrics ?? createMetrics();
  registerMetrics(app, deps.db, metrics);
  registerAddressCheck(app);
  app.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  logRequests(app);
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  });
  await app.register(underPressure, { maxEventLoopDelay: deps.maxEventLoopDelayMs, customError: Overloaded });
  await app.register(rateLimit, {
    max: deps.config.rateLimitPerMinute,
    timeWindow: 60_000,
    // Authentication comes before it: all tokens of one principal count together.
    keyGenerator: (request) => request.principal?.id ?? request.ip,
  });
  await registerOpenApi(app);
  registerAuthentication(app, deps.db);
  const intake = deps.intake ?? createIntake({ db: deps.db, onAccepted: metrics.countAlerts });
  if (deps.intake === undefined) app.addHook('onClose', () => intake.close());
  await app.register(async (scope) => registerRoutes(scope.withTypeProvider<ZodTypeProvider>(), { ...deps, intake }));
  return app;
}

/** Overload is said in the words of the error table. */
class Overloaded extends VigilError {
  constructor() {
    super('service.unavailable');
  }
}

/** One line a request, without address parameters' values, headers or bodies: those may name people. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (reply.statusCode >= 500) request.log.warn(line, 'request');
    else request.log.debug(line, 'request');
  });
}

/** A caller's own request id is kept when it is plain: it goes into logs and audit events. */
function acceptedRequestId(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[\w.:-]{1,100}$/.test(header) ? header : null;
}
