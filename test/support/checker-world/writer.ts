import type { Client } from 'pg';
import type { AuditEvent } from '#domain/audit/event.ts';
import { genesisHash } from '#domain/audit/event.ts';
import type { Json } from '#domain/json.ts';
import { hashAuditEvent } from '#db/audit-chain.ts';

/** The same id each time: `idOf('per', 3)`. */
export const idOf = (prefix: string, number: number): string => `${prefix}_${number.toString(16).padStart(32, '0')}`;

type Value = Json | Date | undefined;

/** Inserts one row by plain SQL. Objects become JSON; arrays are arrays of Postgres. */
export async function insert(client: Client, table: string, row: Readonly<Record<string, Value>>): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`).join(', ');
  const isDocument = (value: Value): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
  const values = Object.values(row).map((value) => (isDocument(value) ? JSON.stringify(value) : value));
  await client.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`, values);
}

export interface Actor {
  readonly kind: 'person' | 'system';
  readonly id: string;
  readonly roles: readonly string[];
}

export const vigil: Actor = { kind: 'system', id: 'vigil', roles: [] };

export interface Said {
  readonly at: number;
  readonly action: string;
  readonly data: { readonly [key: string]: Json };
  readonly actor?: Actor;
  readonly reason?: string;
  readonly cause?: string;
  readonly requestId?: string;
  readonly version?: number;
}

/** One aggregate's audit chain in the making, hashed as the product hashes. */
export class ChainWriter {
  readonly kind: string;
  readonly id: string;
  version = 0;
  state: { readonly [key: string]: Json } = {};
  private readonly client: Client;
  private seq = 0;
  private hash = genesisHash;

  constructor(client: Client, kind: string, id: string) {
    this.client = client;
    this.kind = kind;
    this.id = id;
  }

  /** Appends an event that is no transition, or with a version one that is. */
  async say({ at, action, data, actor = vigil, reason, cause, requestId, version }: Said): Promise<void> {
    this.seq += 1;
    const unhashed: AuditEvent = {
      id: `aud_${this.id}_${this.seq}`,
      aggregateKind: this.kind,
      aggregateId: this.id,
      seq: this.seq,
      version: version ?? null,
      at: new Date(at).toISOString(),
      actorKind: actor.kind,
      actorId: actor.id,
      actorRoles: actor.roles,
      action: `${this.kind}.${action}`,
      reason: reason ?? null,
      cause: cause ?? null,
      requestId: requestId ?? null,
      workflowId: version === undefined ? null : `${this.kind}:${this.id}`,
      runId: version === undefined ? null : 'run-1',
      data,
      prevHash: this.hash,
      hash: '',
    };
    this.hash = hashAuditEvent(unhashed);
    const { aggregateKind, aggregateId, actorKind, actorId, actorRoles, requestId: request, ...rest } = unhashed;
    await insert(this.client, 'audit_events', {
      id: rest.id,
      aggregate_kind: aggregateKind,
      aggregate_id: aggregateId,
      seq: rest.seq,
      version: rest.version,
      at: rest.at,
      actor_kind: actorKind,
      actor_id: actorId,
      actor_roles: [...actorRoles],
      action: rest.action,
      reason: rest.reason,
      cause: rest.cause,
      request_id: request,
      workflow_id: rest.workflowId,
      run_id: rest.runId,
      data,
      prev_hash: rest.prevHash,
      hash: this.hash,
    });
  }

  /** Appends a transition: the change is laid over the state before. */
  async move(
    at: number,
    event: { readonly type: string; readonly [key: string]: Json },
    change: { readonly [key: string]: Json },
    more: { readonly actor?: Actor; readonly cause?: string } = {},
  ): Promise<void> {
    this.version += 1;
    this.state = { ...this.state, ...change, version: this.version };
    const data = { at, event, state: this.state, effects: [] };
    await this.say({ at, action: event.type, data, version: this.version, ...more });
  }

  async end(): Promise<void> {
    await insert(this.client, 'audit_heads', {
      aggregate_kind: this.kind,
      aggregate_id: this.id,
      seq: this.seq,
      version: this.version,
      hash: this.hash,
    });
  }
}

let commands = 0;

/** A settled command; its id is the cause of what it led to. */
export async function command(
  client: Client,
  chain: ChainWriter,
  at: number,
  asked: { name: string; mode?: string; actor?: Actor; status?: string; input?: { readonly [key: string]: Json } },
): Promise<string> {
  commands += 1;
  const { name, mode = 'update', actor = vigil, status = 'done', input = {} } = asked;
  const id = idOf('cmd', commands);
  await insert(client, 'commands', {
    id,
    principal_id: actor.id,
    idempotency_key: `key-${commands}`,
    request_sha256: 'none',
    mode,
    name,
    aggregate_kind: chain.kind,
    aggregate_id: chain.id,
    workflow_id: `${chain.kind}:${chain.id}`,
    input,
    actor: { kind: actor.kind, id: actor.id },
    priority: 2,
    status,
    outcome: status === 'done' ? { status, answer: {} } : { status, code: 'escalation.held', detail: {} },
    created_at: new Date(at),
    settled_at: new Date(at + 100),
  });
  return id;
}
