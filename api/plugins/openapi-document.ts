import { STATUS_CODES } from 'node:http';

type Node = { [key: string]: unknown };

const problemRef = '#/components/schemas/Problem';
const methods = new Set(['get', 'put', 'post', 'delete', 'patch']);
/** Headers that are checked by hand, so that their absence has a status of its own. */
const demanded = new Set(['idempotency-key', 'if-match']);

/**
 * Makes the generated document short and exact: problems are written once and have their own media type, demanded
 * headers are marked so, and schemas that nothing uses are left out.
 */
export function tidyDocument<T extends object>(document: T): T {
  const tidy = structuredClone(document) as T & { paths?: { [path: string]: Node }; components?: Node };
  const responses: Node = {};
  for (const operation of Object.values(tidy.paths ?? {}).flatMap(operationsOf)) {
    for (const parameter of (operation['parameters'] ?? []) as Node[]) {
      if (parameter['in'] === 'header' && demanded.has(String(parameter['name']))) parameter['required'] = true;
    }
    const given = operation['responses'] as { [status: string]: Node };
    for (const [status, response] of Object.entries(given)) {
      const name = (STATUS_CODES[status] ?? status).replaceAll(/[^A-Za-z]/g, '');
      if (schemaRefOf(response) === problemRef) {
        responses[name] = {
          description: response['description'],
          content: { 'application/problem+json': { schema: { $ref: problemRef } } },
        };
        given[status] = { $ref: `#/components/responses/${name}` };
      } else if (response['description'] === 'Default Response')
        response['description'] = STATUS_CODES[status] ?? status;
    }
  }
  const components = { ...tidy.components, responses } as Node & { schemas?: Node };
  tidy.components = components;
  components.schemas = pickUsed(tidy, components.schemas ?? {});
  return tidy;
}

const operationsOf = (item: Node): Node[] =>
  Object.entries(item).flatMap(([method, operation]) => (methods.has(method) ? [operation as Node] : []));

function schemaRefOf(response: Node): string | undefined {
  const content = response['content'] as { [type: string]: { schema?: { $ref?: string } } } | undefined;
  return content?.['application/json']?.schema?.$ref;
}

function pickUsed(document: { paths?: object; components?: Node }, schemas: Node): Node {
  const used = new Set<string>();
  const visit = (node: unknown): void => {
    for (const [, name = ''] of JSON.stringify(node ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(document.paths);
  visit(document.components?.['responses']);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
}
