import { sql } from 'drizzle-orm';
import type { LightMyRequestResponse } from 'fastify';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { startTestApi, stubTemporal } from './api.ts';
import type { TestApi } from './api.ts';
import { openLinkedLadder } from './linked-ladder.ts';
import type { LadderOptions, LinkedLadder } from './linked-ladder.ts';

type Headers = Record<string, string>;

/** The API over a real database, with one escalation at a time whose ladder is the real machine, and a link to Ann. */
export class LinkTaps {
  readonly api: TestApi;
  world: LinkedLadder;
  token = '';
  /** What the workflow was asked. */
  sent: CommandEnvelope[] = [];
  /** What stands in front of the workflow: by default nothing. */
  before: () => Promise<unknown> = () => Promise.resolve();

  private constructor(api: TestApi, world: LinkedLadder) {
    this.api = api;
    this.world = world;
  }

  static async start(): Promise<LinkTaps> {
    let taps: LinkTaps | null = null;
    const api = await startTestApi(
      stubTemporal({
        executeUpdate: async (_name, { args }) => {
          const [envelope] = args as [CommandEnvelope];
          await taps?.before();
          taps?.sent.push(envelope);
          return taps?.world.answer(envelope);
        },
      }),
      700,
    );
    taps = new LinkTaps(api, await openLinkedLadder(api.db));
    return taps;
  }

  /** Another escalation, with a link of Ann's to it; nothing was asked of it yet. */
  async open(options: LadderOptions = {}): Promise<void> {
    this.sent = [];
    this.before = () => Promise.resolve();
    this.world = await openLinkedLadder(this.api.db, options);
    this.token = await this.world.link(this.world.ann);
  }

  look(path = this.token, headers: Headers = {}): Promise<LightMyRequestResponse> {
    return this.api.app.inject({ method: 'GET', url: `/a/${path}`, headers });
  }

  post(path: string, confirm: string, headers: Headers = {}): Promise<LightMyRequestResponse> {
    return this.send(path, new URLSearchParams({ confirm }).toString(), headers);
  }

  send(path: string, payload: string, headers: Headers = {}): Promise<LightMyRequestResponse> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.api.app.inject({ method: 'POST', url: `/a/${path}`, headers: { ...type, ...headers }, payload });
  }

  /** The hidden value of the form that the page of a link shows now. */
  async form(path = this.token): Promise<string> {
    return /name="confirm" value="([^"]+)"/.exec((await this.look(path)).body)?.[1] ?? '';
  }

  async tap(path = this.token, headers: Headers = {}): Promise<LightMyRequestResponse> {
    return this.post(path, await this.form(path), headers);
  }

  async undo(): Promise<LightMyRequestResponse> {
    return this.post(`${this.token}/undo`, await this.form());
  }

  /** Moves what Postgres' clock measures from into the past. */
  async age(what: 'links' | 'commands', minutes: number): Promise<void> {
    const past = sql`make_interval(mins => ${minutes}::int)`;
    await this.api.db.execute(
      what === 'links'
        ? sql`UPDATE page_links SET expires_at = expires_at - ${past}`
        : sql`UPDATE commands SET settled_at = settled_at - ${past}`,
    );
  }

  get status(): string {
    return this.world.story.ladder.status;
  }

  stop(): Promise<void> {
    return this.api.stop();
  }
}

/** Somebody other than the link's person. */
export const colleague = (id: string) => ({ kind: 'person', id, roles: ['responder'] }) as const;
