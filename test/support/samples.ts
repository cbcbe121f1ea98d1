import { sample as sampleOf, stringMatching } from 'fast-check';

/** The part of JSON Schema that the API's description uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export type Named = Readonly<Record<string, unknown>>;

/**
 * Builds values that fit a schema, with the given values where a property of that name stands. `fields` says whether the
 * optional ones are there.
 */
export function sampler(
  components: Readonly<Record<string, JsonSchema>>,
  { named = {}, fields = 'required' }: { named?: Named; fields?: 'required' | 'all' } = {},
) {
  const resolve = (schema: JsonSchema): JsonSchema =>
    schema.$ref === undefined ? schema : (components[schema.$ref.split('/').at(-1) ?? ''] ?? {});

  function sample(given: JsonSchema, name = ''): unknown {
    const schema = resolve(given);
    if (name in named) return named[name];
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices?.[0]) return sample(choices[0], name);
    switch ([schema.type].flat()[0]) {
      case 'object':
        return object(schema);
      case 'array':
        return list(schema, name);
      case 'string':
        return text(schema);
      case 'number':
      case 'integer':
        return number(schema);
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return {};
    }
  }

  function list({ prefixItems = [], items, minItems = 0 }: JsonSchema, name: string): unknown[] {
    const length = Math.max(prefixItems.length, minItems, fields === 'all' ? 1 : 0);
    return Array.from({ length }, (_, index) => sample(prefixItems[index] ?? items ?? {}, name));
  }

  function object(schema: JsonSchema): Record<string, unknown> {
    const present = Object.entries(schema.properties ?? {}).filter(
      ([name]) => fields === 'all' || schema.required?.includes(name),
    );
    return Object.fromEntries(present.map(([name, property]) => [name, sample(property, name)]));
  }

  return sample;
}

function text(schema: JsonSchema): string {
  if (schema.format === 'date-time') return new Date(Date.now() + 60_000).toISOString();
  if (schema.format === 'uri') return 'https://service.example/path';
  if (schema.pattern !== undefined) return sampleOf(stringMatching(new RegExp(schema.pattern)), 1)[0] ?? '';
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
}

function number({ minimum, exclusiveMinimum, maximum }: JsonSchema): number {
  const least = exclusiveMinimum === undefined ? (minimum ?? 0) : exclusiveMinimum + 1;
  return Math.min(Math.max(least, 0), maximum ?? least);
}
