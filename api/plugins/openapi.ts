import swagger from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { tidyDocument } from './openapi-document.ts';

/** Describes every route as OpenAPI 3.1, from the schemas that also check requests and answers. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Vigil',
        version: 'v1',
        description: 'Durable workflow orchestration for launch monitoring and escalations.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: (given) => {
      const { schema, url } = jsonSchemaTransform(given);
      return { schema: { ...schema, ...aboutRoute(given.route) }, url };
    },
    transformObject: (given) => tidyDocument(jsonSchemaTransformObject(given)),
  });
}

/** What the schemas do not say: the name of the operation, and who may use it. */
function aboutRoute({ method, url, config }: RouteOptions) {
  const parts = url.replace('/v1/', '/').split(/[/.]/).filter(Boolean);
  const words = parts.flatMap((part) => (part.startsWith(':') ? ['by', part.slice(1)] : part.split('-')));
  const operationId = [
    String(method).toLowerCase(),
    ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join('');
  const access = config?.access;
  return {
    operationId,
    tags: [parts[0] ?? ''],
    ...(access === 'public' ? { security: [] } : {}),
    ...(Array.isArray(access) ? { 'x-roles': [...access] } : {}),
  };
}
