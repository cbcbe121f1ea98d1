import { z } from 'zod';

const routingKey = z.string().describe('The key of an integration: 32 characters.');
const links = z
  .array(z.looseObject({ href: z.string(), text: z.string().optional() }))
  .optional()
  .describe('Kept as sent.');
const instant = z.string().optional().describe('ISO 8601.');
const customDetails = z.unknown().describe('Any JSON. Plain values of an object are labels: `custom_details.NAME`.');

/** What is documented of an alert event. It is read by hand: what is wrong is told in PagerDuty's words. */
export const eventBody = z
  .looseObject({
    routing_key: routingKey,
    event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
    dedup_key: z
      .string()
      .max(255)
      .optional()
      .describe('Demanded unless it is a trigger, which gets a UUID without one.'),
    payload: z
      .looseObject({
        summary: z.string().max(1_024).describe('Counted in characters, not in UTF-16 units.'),
        source: z.string(),
        severity: z.enum(['critical', 'error', 'warning', 'info']),
        timestamp: instant,
        component: z.string().optional(),
        group: z.string().optional(),
        class: z.string().optional(),
        custom_details: customDetails.optional(),
      })
      .optional()
      .describe('Demanded of a trigger.'),
    client: z.string().optional(),
    client_url: z.string().optional(),
    links,
    images: z.array(z.looseObject({ src: z.string() })).optional(),
  })
  .meta({ id: 'PagerDutyEvent' });

export const changeBody = z
  .looseObject({
    routing_key: routingKey,
    payload: z.looseObject({
      summary: z.string().max(1_024),
      source: z.string().optional(),
      timestamp: instant,
      custom_details: customDetails.optional(),
    }),
    links,
  })
  .meta({ id: 'PagerDutyChange' });

export const eventAccepted = z
  .object({ status: z.literal('success'), message: z.literal('Event processed'), dedup_key: z.string() })
  .describe('Stored for good, or passed over as PagerDuty does: an acknowledge or resolve that meets no open alert.');
export const changeAccepted = z
  .object({ status: z.literal('success'), message: z.literal('Change event processed') })
  .describe('Stored for good.');
const invalid = z
  .object({
    status: z.literal('invalid event'),
    message: z.literal('Event object is invalid'),
    errors: z.array(z.string()),
  })
  .meta({ id: 'PagerDutyInvalidEvent' })
  .describe('The same event can never be accepted.');
const unaccepted = z.object({ status: z.string(), message: z.string() }).meta({ id: 'PagerDutyUnaccepted' });

/** Answers in PagerDuty's own shapes. */
export const unacceptedResponses = {
  400: invalid,
  429: unaccepted.describe('More comes in than is taken now. Send it again as Retry-After says.'),
  500: unaccepted.describe('Send it again later.'),
  503: unaccepted.describe('Send it again later.'),
};
