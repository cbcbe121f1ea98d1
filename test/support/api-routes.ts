import type { RouteEntry } from '#api/plugins/inventory.ts';
import type { TestApi } from './api.ts';
import { sampler } from './samples.ts';
import type { JsonSchema, Named } from './samples.ts';
import type { World } from './world.ts';

/** A request that gets past the schemas of a route, whatever its handler then says. */
export interface RouteRequest {
  readonly route: RouteEntry;
  readonly name: string;
  readonly url: string;
  readonly body: unknown;
}

/**
 * One request for each route of the API, about the objects of a world: generated, so that no route is forgotten. Strange
 * bodies fill every optional field and name objects that do not exist.
 */
export async function requestsFor(
  api: TestApi,
  world: World,
  bodies: 'known' | 'strange' = 'known',
): Promise<RouteRequest[]> {
  const document = (await api.app.inject('/openapi.json')).json();
  const sample =
    bodies === 'known'
      ? sampler(document.components.schemas, { named: bodyValues(world) })
      : sampler(document.components.schemas, {
          named: { timeZone: 'UTC', zone: 'UTC', quietHours: null },
          fields: 'all',
        });
  return api.app.inventory
    .filter(({ access }) => access !== 'public')
    .map((route) => {
      const operation = document.paths[route.url.replaceAll(/:(\w+)/g, '{$1}')][route.method.toLowerCase()];
      const schema = operation.requestBody?.content['application/json'].schema as JsonSchema | undefined;
      const anyOf = (name: string): string => {
        const parameter = operation.parameters.find(
          (one: { in: string; name: string }) => one.in === 'path' && one.name === name,
        );
        return String(sample(parameter.schema as JsonSchema));
      };
      const path = route.url.replaceAll(
        /:(\w+)/g,
        (_all, name: string) => pathValue(name, route.url, world) ?? anyOf(name),
      );
      const url = path + queryOf(route.url, world);
      return {
        route,
        name: `${route.method} ${route.url}`,
        url,
        body: schema === undefined ? undefined : sample(schema),
      };
    });
}

/** True when the route is about an object that a team owns, by its path or by what its body or query names. */
export const isTeamOwned = ({ route, body }: RouteRequest): boolean =>
  ownedParams.some(
    (name) => route.url.includes(`:${name}`) && !(name === 'policyId' && route.url.startsWith('/v1/policies')),
  ) ||
  ['teamId', 'productId', 'productKey', 'detectorVersionId'].some((name) => body instanceof Object && name in body) ||
  route.url === '/v1/signals';

const ownedParams = [
  'teamId',
  'policyId',
  'scheduleId',
  'serviceId',
  'integrationId',
  'productId',
  'detectorId',
  'detectorVersionId',
  'escalationId',
  'queueId',
  'taskId',
  'caseId',
  'orderId',
  'launchId',
  'canaryId',
  'signalId',
  'eventId',
  'kind',
  'swapRequestId',
  'feedId',
  'monitorId',
] as const;

/** The world's object of that name; null for what it does not hold: any value that fits will do. */
function pathValue(name: string, url: string, world: World): string | null {
  if (name === 'urgency') return 'high';
  if (name === 'kind') return 'launch';
  if (name === 'id') return world.launchId;
  if (name === 'principalId') return world.personId;
  if (name === 'policyId' && url.startsWith('/v1/policies')) return world.reviewPolicyId;
  if (name === 'accountRef') return 'account-1';
  return name in world ? world[name as keyof World] : null;
}

function queryOf(url: string, world: World): string {
  if (url === '/v1/signals') return `?detectorVersionId=${world.detectorVersionId}`;
  if (url === '/v1/products/:productId/events') return '?accountRef=account-1';
  if (/\/(segments|gaps|load|pages-per-night|escalation-metrics)$/.test(url))
    return '?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
  return '';
}

/** What a schema cannot say, or what must name an object that exists. */
const bodyValues = (world: World): Named => ({
  teamId: world.teamId,
  productId: world.productId,
  productKey: world.productKey,
  serviceId: world.serviceId,
  policyId: world.policyId,
  policyVersionId: world.policyVersionId,
  detectorVersionId: world.detectorVersionId,
  launchId: null,
  personId: world.personId,
  principalId: world.personId,
  catchAllPersonId: world.personId,
  timeZone: 'UTC',
  zone: 'UTC',
  quietHours: null,
});
