import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Access } from '../auth.ts';

declare module 'fastify' {
  interface FastifyInstance {
    inventory: RouteEntry[];
  }
}

export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access | undefined;
  readonly needsKey: boolean;
  readonly schema: FastifySchema;
}

/** Lists the routes as they are registered: what is documented and tested is this list, so nothing can be left out. */
export function registerInventory(app: FastifyInstance): void {
  const inventory: RouteEntry[] = [];
  app.decorate('inventory', inventory);
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    for (const name of [method].flat()) {
      if (name === 'HEAD') continue;
      inventory.push({
        method: name,
        url,
        access: config?.access,
        needsKey: name === 'POST' && config?.idempotencyKey !== 'none',
        schema: schema ?? {},
      });
    }
  });
}
