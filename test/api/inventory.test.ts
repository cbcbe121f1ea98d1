import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteEntry } from '#api/plugins/inventory.ts';
import { openApiText } from '#scripts/openapi-text.ts';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import type { JsonSchema } from '#test/support/samples.ts';

/** Asked by machines that have no token: the addresses of calendars, beats and pages hold their own, and senders show a key. */
const publicRoutes = [
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /v1/calendars/:token.ics',
  'POST /v1/intake/alertmanager/:key',
  'POST /v1/intake/alertmanager',
  'POST /v1/intake/grafana/:key',
  'POST /v1/intake/grafana',
  'POST /v1/intake/generic/:key',
  'POST /v1/intake/generic',
  'POST /integrations/v1/:source/:key',
  'GET /integrations/v1/:source/:key',
  'POST /v2/alerts',
  'POST /v2/alerts/:alias/close',
  'POST /v2/alerts/:alias/acknowledge',
  'POST /v2/enqueue',
  'POST /v2/change/enqueue',
  'POST /integrations/v1/:source/:key/heartbeat',
  'GET /integrations/v1/:source/:key/heartbeat',
  'GET /v2/heartbeats/:name/ping',
  'POST /v2/heartbeats/:name/ping',
  'PUT /v2/heartbeats/:name/ping',
  'PATCH /v2/heartbeats/:name/ping',
  'POST /v1/heartbeats/:key',
  'GET /v1/heartbeats/:key',
  'GET /a/:token',
  'POST /a/:token',
  'POST /a/:token/undo',
  'POST /v1/providers/slack/interactions',
  'POST /v1/providers/twilio/status/:deliveryId',
  'POST /v1/providers/twilio/sms',
  'POST /v1/providers/twilio/voice/:deliveryId',
];
/** Speak as another product does: unknown fields are passed over, and every refusal of a body is 400. */
const imitated = ['POST /v2/enqueue', 'POST /v2/change/enqueue'];
/** Repeatable without a key: by natural key, or because each call is an act of its own. */
const keyless = [
  'POST /v1/intake/events',
  'POST /v1/intake/alertmanager/:key',
  'POST /v1/intake/alertmanager',
  'POST /v1/intake/grafana/:key',
  'POST /v1/intake/grafana',
  'POST /v1/intake/generic/:key',
  'POST /v1/intake/generic',
  'POST /integrations/v1/:source/:key',
  'POST /integrations/v1/:source/:key/heartbeat',
  'POST /v2/heartbeats/:name/ping',
  'POST /v2/alerts',
  'POST /v2/alerts/:alias/close',
  'POST /v2/alerts/:alias/acknowledge',
  'POST /v2/enqueue',
  'POST /v2/change/enqueue',
  'POST /v1/integrations/:integrationId/mapping-trials',
  'POST /v1/services/:serviceId/alerts',
  'POST /v1/heartbeats/:key',
  'POST /a/:token',
  'POST /a/:token/undo',
  'POST /v1/escalation-policies/:policyId/simulations',
  'POST /v1/review-tasks/:taskId/reveals',
  'POST /v1/persons/:personId/contact-methods/:contactMethodId/verifications/confirmations',
  'POST /v1/providers/slack/interactions',
  'POST /v1/providers/twilio/status/:deliveryId',
  'POST /v1/providers/twilio/sms',
  'POST /v1/providers/twilio/voice/:deliveryId',
];

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, JsonSchema>; readonly responses: object };
}
interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, object>;
  readonly parameters?: readonly { in: string; name: string; required?: boolean }[];
  readonly requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

let api: TestApi;
let document: Document;
beforeAll(async () => {
  api = await startTestApi();
  document = (await api.app.inject('/openapi.json')).json();
});
afterAll(() => api?.stop());

const named = ({ method, url }: RouteEntry) => `${method} ${url}`;
const statusesOf = (route: RouteEntry) => Object.keys(route.schema.response ?? {}).map(Number);
const operationOf = (route: RouteEntry): Operation | undefined =>
  document.paths[route.url.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];

describe('every route', () => {
  it('demands a token, but for the few that machines ask', () => {
    expect(api.app.inventory.length).toBeGreaterThan(100);
    expect(api.app.inventory.filter(({ access }) => access === undefined)).toEqual([]);
    expect(api.app.inventory.filter(({ access }) => access === 'public').map(named)).toEqual(publicRoutes);
  });

  it('says what it answers when all is well and when it is not', () => {
    const lacking = api.app.inventory.flatMap((route) => {
      const statuses = statusesOf(route);
      const wanted = route.access === 'public' ? [] : [401, 403, 422, 429, 503];
      if (route.url.includes(':')) wanted.push(404);
      if (imitated.includes(named(route))) wanted.push(400, 429, 503);
      else if (route.method === 'POST' || route.method === 'PUT') wanted.push(400, 413, 415);
      if (route.method === 'PUT' && route.schema.headers) wanted.push(412, 428);
      const missing = wanted.filter((status) => !statuses.includes(status));
      if (!statuses.some((status) => status < 300)) missing.push(200);
      return missing.map((status) => `${named(route)} does not describe ${status}`);
    });
    expect(lacking).toEqual([]);
  });

  it('asks for an Idempotency-Key when it is a POST that could do something twice', () => {
    const posts = api.app.inventory.filter(({ method }) => method === 'POST');
    expect(
      posts
        .filter(({ needsKey }) => !needsKey)
        .map(named)
        .toSorted(),
    ).toEqual(keyless.toSorted());
    const undescribed = posts.filter(
      (route) =>
        route.needsKey &&
        !operationOf(route)?.parameters?.some(({ name, required }) => name === 'idempotency-key' && required),
    );
    expect(undescribed.map(named)).toEqual([]);
  });

  it('takes no field in a body that it does not know', () => {
    const own = api.app.inventory.filter((route) => !imitated.includes(named(route)));
    const open = own.flatMap((route) => {
      const schema = operationOf(route)?.requestBody?.content['application/json']?.schema;
      return schema ? openObjects(schema, named(route)) : [];
    });
    expect(open).toEqual([]);
  });
});

describe('the description of the API', () => {
  it('holds exactly the routes that there are', () => {
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(described.toSorted()).toEqual(api.app.inventory.map(named).toSorted());
    for (const route of api.app.inventory) {
      const described = Object.keys(operationOf(route)?.responses ?? {}).map(Number);
      expect(described, named(route)).toEqual(statusesOf(route));
    }
  });

  it('names each operation once and points to nothing that is not there', () => {
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const pointers = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer = '']) => pointer);
    expect(pointers.length).toBeGreaterThan(100);
    const dangling = pointers.filter((pointer) => at(document, pointer.split('/')) === undefined);
    expect([...new Set(dangling)]).toEqual([]);
  });

  it('is the one that is committed', async () => {
    const committed = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
    expect(committed === (await openApiText()), 'run `npm run openapi` and commit openapi.json').toBe(true);
  });
});

/** Places of objects with named fields that would take others too. */
function openObjects(schema: JsonSchema, place: string): string[] {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return openObjects(document.components.schemas[name] ?? {}, `${place} ${name}`);
  const inner = [
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((one) =>
      openObjects(one, place),
    ),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) => openObjects(one, `${place}/${key}`)),
    ...[...(schema.items ? [schema.items] : []), ...(schema.prefixItems ?? [])].flatMap((one) =>
      openObjects(one, `${place}[]`),
    ),
  ];
  return schema.properties && schema.additionalProperties !== false ? [place, ...inner] : inner;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
