import type { FastifyBaseLogger } from 'fastify';
import { mailIdentity, readMail, usualMailRules, whyNoAlert } from '#domain/intake/mail.ts';
import type { Mail, MailRules } from '#domain/intake/mail.ts';
import { severitiesWith } from '#domain/intake/sender-severity.ts';
import type { Database } from '#db/client.ts';
import type { KeyedIntegration } from '#db/repositories/integrations.ts';
import { noteMailTaken, wasMailTaken } from '#db/repositories/taken-mails.ts';
import type { Intake } from '../intake/intake.ts';
import { acceptAs, newReading } from '../intake/readers.ts';

export interface ReceiverDeps {
  readonly db: Database;
  readonly intake: Intake;
  readonly log: FastifyBaseLogger;
  /** Told how each mail was answered, and each address that was refused: a status of SMTP. */
  readonly onAnswer?: (status: number) => void;
}

export type Receive = (integration: KeyedIntegration, mail: Mail) => Promise<void>;

/**
 * Takes mails in, each once: a mail that comes again because its server did not get the answer does nothing, also after
 * its alert is over. Returns after commit. What fails may be tried again.
 */
export function createReceiver({ db, intake, log }: ReceiverDeps): Receive {
  /** Mails that are being taken in this process: a server that lost patience sends again meanwhile. */
  const underWay = new Map<string, Promise<void>>();

  async function take(integration: KeyedIntegration, mail: Mail, identity: string): Promise<void> {
    const taken = { principalId: integration.principalId, integrationId: integration.id, identity };
    if (await wasMailTaken(db, taken)) return;
    const { document } = integration;
    const report = readMail(mail, rulesOf(integration), severitiesWith(document.severities), newReading());
    await acceptAs(intake, integration, [report]);
    // A process that ends right here lets the mail be merged once more, which pages nobody while its alert is open.
    await noteMailTaken(db, taken);
  }

  return async (integration, mail) => {
    const reason = whyNoAlert(mail);
    if (reason !== null) {
      log.info({ integrationId: integration.id, reason }, 'a mail is no alert');
      return;
    }
    const identity = mailIdentity(mail, newReading());
    const name = `${integration.id} ${identity}`;
    const taking = underWay.get(name) ?? take(integration, mail, identity).finally(() => underWay.delete(name));
    underWay.set(name, taking);
    await taking;
  };
}

/** The rules of the integration's document, and the usual ones for what it leaves out. */
const rulesOf = ({ document }: KeyedIntegration): MailRules => ({
  ...usualMailRules,
  ...(document.mapping?.['mail'] as Partial<MailRules> | undefined),
});
