import type { FastifyRequest } from 'fastify';
import twilio from 'twilio';
import { VigilError } from '#domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { parseForm } from '../pages/form.ts';

/** The fields of a request of Twilio. */
export type TwilioForm = Readonly<Record<string, string>>;

/**
 * Reads what Twilio posts, once its signature is right: over the address as Twilio knows it, which is the public one
 * whatever proxy is in between, and over all fields. Compared in constant time.
 *
 * Twilio signs no time, so a request can be repeated by whoever has seen it: each is idempotent by what it names.
 *
 * Fails with `provider.not_configured`, `provider.signature_invalid` and `request.unreadable`.
 */
export function readTwilioForm(deps: ApiDeps, request: FastifyRequest): TwilioForm {
  if (deps.twilio === undefined) throw new VigilError('provider.not_configured');
  const { authToken, publicUrl } = deps.twilio;
  const form = parseForm(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  const signature = request.headers['x-twilio-signature'];
  const url = `${publicUrl.replace(/\/+$/, '')}${request.url}`;
  if (typeof signature !== 'string' || !twilio.validateRequest(authToken.reveal(), signature, url, { ...form }))
    throw new VigilError('provider.signature_invalid');
  return form;
}
