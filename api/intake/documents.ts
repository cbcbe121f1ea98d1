import { VigilError } from '#domain/errors.ts';
import type { IntegrationDocument } from '#domain/intake/integration.ts';
import type { Transaction } from '#db/client.ts';
import { findServicesOfTeam } from '#db/repositories/services.ts';
import type { NewIntegrationDocument } from '../schemas/integration.ts';

/**
 * The document as it is stored: services by their ids. Fails with `request.invalid` for a route to a service that is not
 * of the team: a sender never reaches another team's pager.
 */
export async function resolveDocument(
  tx: Transaction,
  teamId: string,
  written: NewIntegrationDocument,
): Promise<IntegrationDocument> {
  const services = written.routes.length === 0 ? [] : await findServicesOfTeam(tx, teamId);
  const routes = written.routes.map(({ serviceKey, serviceId, ...route }, index) => {
    if (serviceKey === undefined && serviceId === null) return { ...route, serviceId };
    const service = services.find(({ id, key }) => (serviceKey === undefined ? id === serviceId : key === serviceKey));
    if (service) return { ...route, serviceId: service.id };
    const pointer = `/body/document/routes/${index}/${serviceKey === undefined ? 'serviceId' : 'serviceKey'}`;
    const detail = 'must be a service of the same team';
    throw new VigilError('request.invalid', { errors: [{ pointer, code: 'unknown', detail }] });
  });
  return { ...written, mapping: written.mapping as IntegrationDocument['mapping'], routes };
}
