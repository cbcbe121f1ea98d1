import twilio from 'twilio';
import { z } from 'zod';
import { isId } from '#domain/ids.ts';
import { readTwilioStatus } from '#domain/oncall/twilio-status.ts';
import { findDelivery } from '#db/repositories/escalations.ts';
import { acceptReceipt } from '#db/repositories/receipts.ts';
import { answerPage } from '../answer-page.ts';
import type { ApiDeps } from '../deps.ts';
import { problems } from '../problem.ts';
import { nothing } from '../schemas/common.ts';
import { readTwilioForm } from '../twilio/request.ts';
import { answerTextMessage } from '../twilio/text-message.ts';
import type { Routes } from './types.ts';

const largestBody = 64 * 1024;
const config = { access: 'public', idempotencyKey: 'none' } as const;
const failures = problems(400, 401, 404, 413, 415, 422, 429, 503);
const twiml = { 200: z.string().describe('TwiML: what Twilio does next.'), ...failures };
const params = z.object({ deliveryId: z.string().max(100) });
const keys = { '4': 'acknowledge', '6': 'escalateNow' } as const;

/**
 * What Twilio calls back: receipts, answers by text message, and keys pressed in calls. The signature is the whole right;
 * each request is idempotent by the message or call that it names, as Twilio repeats what it got no answer to.
 */
export function registerTwilioWebhooks(app: Routes, deps: ApiDeps): void {
  void app.register((scope: Routes, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: largestBody },
      (_request: unknown, body: Buffer, parsed) => parsed(null, body),
    );

    scope.post(
      '/v1/providers/twilio/status/:deliveryId',
      { config, schema: { params, response: { 204: nothing, ...failures } } },
      async (request, reply) => {
        const form = readTwilioForm(deps, request);
        const providerRef = form['MessageSid'] ?? form['CallSid'] ?? '';
        const errorCode = /^\d{1,6}$/.test(form['ErrorCode'] ?? '') ? Number(form['ErrorCode']) : null;
        const receipt = readTwilioStatus(form['MessageStatus'] ?? form['CallStatus'] ?? '', errorCode);
        const { deliveryId } = request.params;
        // Also for what is not there: Twilio would only raise an alarm about it.
        const isOurs = isId('delivery', deliveryId) || isId('oncallNotice', deliveryId);
        if (receipt !== null && isOurs && providerRef !== '')
          await acceptReceipt(deps.db, { deliveryId, providerRef, ...receipt });
        return reply.code(204).send(null);
      },
    );

    scope.post('/v1/providers/twilio/sms', { config, schema: { response: twiml } }, async (request, reply) => {
      const text = await answerTextMessage(deps, request, readTwilioForm(deps, request));
      const response = new twilio.twiml.MessagingResponse();
      if (text !== null) response.message(text);
      return reply.type('text/xml').send(response.toString());
    });

    scope.post(
      '/v1/providers/twilio/voice/:deliveryId',
      { config, schema: { params, response: twiml } },
      async (request, reply) => {
        const { CallSid: sid = '', Digits: digits = '' } = readTwilioForm(deps, request);
        const response = new twilio.twiml.VoiceResponse();
        const delivery = await findDelivery(deps.db, request.params.deliveryId);
        const act = Object.hasOwn(keys, digits) ? keys[digits as keyof typeof keys] : null;
        if (delivery?.channel !== 'voice') response.say('Vigil does not know this call. Goodbye.');
        else if (act === null) {
          response
            .gather({ numDigits: 1, timeout: 8, action: request.url, method: 'POST' })
            .say('Press 4 to acknowledge, 6 to escalate.');
          response.say('Goodbye.');
        } else {
          const { id: deliveryId, personId } = delivery;
          const key = `twilio-call:${sid}:${act}`;
          response.say(await answerPage(deps, request, personId, { deliveryId, act, via: 'call', key }));
          response.say('Goodbye.');
        }
        return reply.type('text/xml').send(response.toString());
      },
    );
    done();
  });
}
