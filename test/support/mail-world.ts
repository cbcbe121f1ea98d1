import { createTransport } from 'nodemailer';
import type { Transporter } from 'nodemailer';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { createIntake } from '#api/intake/intake.ts';
import type { Intake } from '#api/intake/intake.ts';
import { startMailListener } from '#api/mail/listener.ts';
import type { MailListener, MailListenerOptions } from '#api/mail/listener.ts';
import type { ReceiverDeps } from '#api/mail/receive.ts';
import { createLogger } from '#config/log.ts';
import { alertEvents } from '#db/schema/index.ts';
import { awayTemporal, startTestApi } from './api.ts';
import type { TestApi } from './api.ts';
import { sendersOf } from './senders.ts';
import type { Senders } from './senders.ts';

export const domain = 'alerts.example';

export interface Letter {
  readonly to?: string | string[];
  readonly [field: string]: unknown;
}

/** An integration that takes mails, its listener and a client, anew for each test; set up by `mailWorld`. */
export class MailWorld {
  api!: TestApi;
  intake!: Intake;
  senders!: Senders;
  listener!: MailListener;
  client!: Transporter;
  key!: string;
  logged = '';
  readonly log = createLogger('test', 'trace', {
    write: (line) => {
      this.logged += line;
    },
  });

  /** A listener of the test's own, to be closed by it. */
  listen(more: Partial<MailListenerOptions> = {}, deps: Partial<ReceiverDeps> = {}): Promise<MailListener> {
    return startMailListener(
      { db: this.api.db, intake: this.intake, log: this.log, ...deps },
      { host: '127.0.0.1', port: 0, domains: [domain], tls: null, ...more },
    );
  }

  send({ to = `${this.key}@${domain}`, ...more }: Letter = {}, by: Transporter = this.client) {
    return by.sendMail({ from: 'cron@db1.example', to, subject: 'Disk full', text: 'The disk is full.', ...more });
  }

  events() {
    return this.api.db
      .select()
      .from(alertEvents)
      .where(eq(alertEvents.serviceId, this.senders.world.serviceId))
      .orderBy(alertEvents.seq);
  }
}

export const transportTo = ({ port }: MailListener): Transporter =>
  createTransport({ host: '127.0.0.1', port, secure: false });

/** The status that the sending server was given; 0 for none. */
export async function statusOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 250;
  } catch (error) {
    return (error as { responseCode?: number }).responseCode ?? 0;
  }
}

/** Temporal is away in all of it: mails do not ask it. */
export function mailWorld(): MailWorld {
  const world = new MailWorld();
  beforeAll(async () => {
    world.api = await startTestApi(awayTemporal());
    world.intake = createIntake({ db: world.api.db });
  });
  afterAll(async () => {
    await world.intake?.close();
    await world.api?.stop();
  });
  beforeEach(async () => {
    world.logged = '';
    world.senders = await sendersOf(world.api);
    ({ key: world.key } = await world.senders.make('email'));
    world.listener = await world.listen();
    world.client = transportTo(world.listener);
  });
  afterEach(async () => {
    world.client.close();
    await world.listener.close();
  });
  return world;
}
