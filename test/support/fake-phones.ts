import type { PageMessage, PagerChannel, SendOutcome } from '#activities/clients/pager-channels.ts';

type Answer = (message: PageMessage, attempt: number) => SendOutcome | Promise<SendOutcome>;

/** Phones in this process: they note what arrives, by the last part of the address, and answer as told. */
export class FakePhones {
  readonly log: { readonly phone: string; readonly at: number; readonly message: PageMessage }[] = [];
  answer: Answer = () => ({ outcome: 'sent' });
  private waiting: (() => void)[] = [];

  get channels(): ReadonlyMap<string, PagerChannel> {
    return new Map(
      ['webhook', 'sms', 'voice', 'email'].map((name) => [name, { name, send: (message) => this.take(message) }]),
    );
  }

  received(phone: string, kind: PageMessage['kind'] = 'page'): PageMessage[] {
    return this.log
      .filter((entry) => entry.phone === phone && entry.message.kind === kind)
      .map((entry) => entry.message);
  }

  /** Waits for the `count`th page of a phone, counted from the beginning. */
  async next(phone: string, count = 1, kind: PageMessage['kind'] = 'page', withinMs = 45_000): Promise<PageMessage> {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = this.received(phone, kind)[count - 1];
      if (found) return found;
      if (Date.now() > until)
        throw new Error(`${phone} got ${this.received(phone, kind).length} ${kind} messages, not ${count}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private async take(message: PageMessage): Promise<SendOutcome> {
    const phone = message.address.split('/').at(-1) ?? '';
    this.log.push({ phone, at: Date.now(), message });
    for (const wake of this.waiting.splice(0)) wake();
    return this.answer(message, this.log.filter((entry) => entry.message.deliveryId === message.deliveryId).length);
  }
}
