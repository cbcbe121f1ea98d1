import type { Json } from '../json.ts';

/** The longest that PagerDuty takes, in characters. */
export const longestSummary = 1_024;
export const longestDedupKey = 255;
const routingKeyLength = 32;

/** What was wrong with an event, in PagerDuty's words. Never repeats what was sent. */
export interface InvalidEvent {
  readonly errors: readonly string[];
}

export type Fields = { readonly [key: string]: Json };

export const notAnObject = 'The body is not a JSON object';

/** The routing key, or an empty text and what is wrong with it, in PagerDuty's words. */
export function readRoutingKey(body: Fields, errors: string[]): string {
  const key = body['routing_key'];
  if (isBlank(key)) errors.push("'routing_key' cannot be blank");
  else if (typeof key !== 'string') errors.push("'routing_key' is not a string");
  else {
    if (key.length !== routingKeyLength)
      errors.push(`Length of 'routing_key' is incorrect (should be ${routingKeyLength} characters)`);
    if (!/^[\dA-Za-z]*$/.test(key)) errors.push("'routing_key' cannot contain non-alphanumeric characters.");
  }
  return typeof key === 'string' ? key : '';
}

/** Said of every well-formed key that opens nothing, whatever the reason. */
export const unknownRoutingKey = 'Invalid routing key';

/** A demanded text, or an empty one and what is wrong with it, in PagerDuty's words. */
export function readText(fields: Fields, name: string, longest: number, errors: string[], prefix = ''): string {
  const text = fields[name];
  if (isBlank(text)) errors.push(`'${prefix}${name}' is missing or blank`);
  else if (typeof text !== 'string') errors.push(`'${prefix}${name}' is not a string`);
  else if (isLonger(text, longest)) errors.push(`'${prefix}${name}' is too long (maximum is ${longest} characters)`);
  return typeof text === 'string' ? text : '';
}

/** Whether a text has more characters than that; one outside the basic plane is one character, as in PagerDuty's count. */
function isLonger(text: string, longest: number): boolean {
  if (text.length <= longest) return false;
  return text.length > 2 * longest || Array.from(text).length > longest;
}

export const isBlank = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

export const isObject = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
