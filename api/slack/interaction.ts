import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { sha256Hex } from '#db/ids.ts';
import { parseBody } from '../plugins/body.ts';

const slackId = z.string().regex(/^[A-Z0-9]{2,30}$/);

/** The part of Slack's payload that is used. Slack adds fields as it likes. */
const payloadSchema = z.object({
  type: z.string(),
  user: z.object({ id: slackId }),
  response_url: z.url().max(500).optional(),
  container: z.object({ message_ts: z.string().max(40), channel_id: slackId }).optional(),
  actions: z
    .array(
      z.object({
        action_id: z.string().max(255),
        action_ts: z.string().max(40),
        value: z.string().max(2_000).optional(),
      }),
    )
    .optional(),
});

/** The names of the buttons that act. The others, such as a link, need nothing. */
const acts = { vigil_acknowledge: 'acknowledge', vigil_escalate: 'escalateNow' } as const;

/** A click on a button of a page. */
export interface Click {
  readonly act: (typeof acts)[keyof typeof acts];
  readonly slackUserId: string;
  readonly deliveryId: string;
  /** The same for a click that is sent again, another for the next click. */
  readonly key: string;
  /** Where an answer to the one who clicked goes; null when Slack named none. */
  readonly answerUrl: string | null;
}

/**
 * Reads the fields of an interaction. Null when it asks for nothing that Vigil does, such as a click on a link. Fails with
 * `request.unreadable` and `request.invalid`.
 */
export function readClick(fields: Readonly<Record<string, string>>): Click | null {
  const { success, data } = payloadSchema.safeParse(parseBody(Buffer.from(fields['payload'] ?? '')));
  if (!success)
    throw new VigilError('request.invalid', {
      errors: [{ pointer: '/body/payload', code: 'payload', detail: 'is no interaction' }],
    });
  const action =
    data.type === 'block_actions' ? data.actions?.find(({ action_id: id }) => Object.hasOwn(acts, id)) : undefined;
  if (action?.value === undefined) return null;
  const { container, user } = data;
  const parts = [user.id, container?.channel_id ?? '', container?.message_ts ?? '', action.action_id, action.action_ts];
  return {
    act: acts[action.action_id as keyof typeof acts],
    slackUserId: user.id,
    deliveryId: action.value,
    key: `slack:${sha256Hex(parts.join(' '))}`,
    answerUrl: data.response_url ?? null,
  };
}
