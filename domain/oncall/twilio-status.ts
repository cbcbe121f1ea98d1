/** What a provider's receipt says of a page, in the words of the ladder. Null: it is still on its way. */
export interface ProviderReceipt {
  readonly result: 'delivered' | 'failed_permanent' | 'failed_transient';
  readonly errorCode: string | null;
}

/** Error codes of Twilio after which the same address fails again: a land line, nobody's number, a person who opted out. */
const forGood: ReadonlySet<number> = new Set([21211, 21610, 21612, 21614, 30004, 30005, 30006, 30007, 30011, 30034]);

const onItsWay: ReadonlySet<string> = new Set([
  'accepted',
  'scheduled',
  'queued',
  'sending',
  'sent',
  'initiated',
  'ringing',
  'in-progress',
]);

/**
 * Reads the status of a message or a call. A call that somebody, or something, picked up counts as delivered: only a
 * pressed key proves a person. One that nobody picked up failed for now; a status that Twilio does not have says nothing.
 */
export function readTwilioStatus(status: string, errorCode: number | null): ProviderReceipt | null {
  if (onItsWay.has(status)) return null;
  const code = errorCode === null ? `twilio_${status.replaceAll('-', '_')}` : `twilio_${errorCode}`;
  switch (status) {
    case 'delivered':
    case 'read':
    case 'completed':
      return { result: 'delivered', errorCode: null };
    case 'undelivered':
    case 'failed': {
      const permanent = errorCode === null ? status === 'failed' : forGood.has(errorCode);
      return { result: permanent ? 'failed_permanent' : 'failed_transient', errorCode: code };
    }
    case 'busy':
    case 'no-answer':
    case 'canceled':
      return { result: 'failed_transient', errorCode: code };
    default:
      return null;
  }
}
