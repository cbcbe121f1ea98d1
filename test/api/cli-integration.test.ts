import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';
import type { vigil } from '#test/support/cli.ts';
import { sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let senders: Senders;
let run: typeof vigil;
let service: string;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  const as = await listen(api.app);
  senders = await sendersOf(api);
  service = senders.world.productKey;
  run = as(senders.manager.token);
  folder = mkdtempSync(join(tmpdir(), 'vigil-integration-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.stop();
});

const file = (name: string, value: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
};
const send = async (key: string, body: object) => (await senders.post(`/v1/intake/generic/${key}`, body)).statusCode;

describe('vigil integration', () => {
  it('makes a sender, whose key lets it in until it is rotated out', async () => {
    const keyFile = join(folder, 'key');
    const made = await run(['integration', 'create', service, 'monitor', '--kind', 'generic', '--out', keyFile]);
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toContain('/v1/intake/generic/KEY');
    const old = readFileSync(keyFile, 'utf8').trim();
    expect(made.out).not.toContain(old);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(await send(old, { id: 'a', title: 't' })).toBe(202);

    const [{ id, kind } = { id: '', kind: '' }] = (await run(['integration', 'list', service, '--json'])).json<
      { id: string; kind: string }[]
    >();
    expect(kind).toBe('generic');
    const added = (await run(['integration', 'new-key', id, '--json'])).json<{ key: { key: string } }>();
    const { keys } = (await run(['integration', 'show', id, '--json'])).json<{ keys: { id: string }[] }>();
    expect(keys).toHaveLength(2);
    expect((await run(['integration', 'revoke-key', id, keys[0]?.id ?? ''])).code).toBe(0);
    expect([await send(old, { id: 'a', title: 't' }), await send(added.key.key, { id: 'a', title: 't' })]).toEqual([
      404, 202,
    ]);
    expect((await run(['integration', 'disable', id])).out).toBe(`disabled: ${id}\n`);
    expect(await send(added.key.key, { id: 'a', title: 't' })).toBe(404);
  });

  it('tries a mapping on a body, then keeps it', async () => {
    const made = await run(['integration', 'create', service, 'probe', '--kind', 'generic', '--json']);
    const { id, key } = made.json<{ id: string; key: { key: string } }>();
    const body = file('body.json', { host: 'db1', text: 'Disk is full', level: 'red' });
    const document = file('document.json', {
      mapping: {
        dedupKey: { from: ['/host'] },
        title: { from: ['/text'] },
        severity: { from: ['/level'], values: { red: 1 } },
        labels: { host: '/host' },
      },
    });
    const refused = await run(['integration', 'try', id, '--file', body]);
    expect([refused.code, refused.out]).toEqual([
      3,
      expect.stringContaining('/body/dedupKey: holds no text for dedupKey'),
    ]);
    const tried = await run(['integration', 'try', id, '--file', body, '--document', document]);
    expect([tried.code, tried.out]).toEqual([
      0,
      expect.stringMatching(/trigger +Disk is full\nseverity +1\ndedup key +db1\n/),
    ]);
    expect(tried.out).toMatch(/label host +db1/);
    expect(await senders.openOnes()).toHaveLength(1);

    expect((await run(['integration', 'change', id, '--document', document])).out).toBe(`changed: ${id}, version 2\n`);
    expect((await run(['integration', 'try', id, '--file', '-'], { input: '{"host":"db1"}' })).code).toBe(3);
    expect((await run(['integration', 'show', id])).out).toContain('"red": 1');
    expect(await send(key.key, { host: 'db1', text: 'Disk is full', level: 'red' })).toBe(202);
  });

  it('brings a key that senders have already, from a file or standard input, and never shows it', async () => {
    const [fromFile, fromInput] = ['Zk3vQ8mX1tB6nR9wLc5yHd7Fs', '8f4b2c9d0e1a37659c8b7d6e5f4a3b21'];
    const keyFile = join(folder, 'old.key');
    writeFileSync(keyFile, `${fromFile}\n`);
    const create = ['integration', 'create', service, 'old', '--kind', 'generic', '--import-file', keyFile];
    const made = await run([...create, '--json']);
    expect([made.code, made.err]).toEqual([0, '']);
    const { id, key } = made.json<{ id: string; key: { id: string; key: null } }>();
    expect(key.key).toBeNull();
    const added = await run(['integration', 'new-key', id, '--import-file', '-'], { input: `${fromInput}\n` });
    expect(added.out).toMatch(/^key id +\S+\nkey +the one that senders have\n$/);
    for (const shown of [fromFile, fromInput]) expect(await send(shown, { id: 'old', title: 't' })).toBe(202);

    const again = await run(create);
    expect([again.code, again.err]).toEqual([expect.any(Number), expect.stringContaining('live already')]);
    const weak = await run(['integration', 'new-key', id, '--import-file', '-'], { input: '0'.repeat(32) });
    expect([weak.code, weak.err]).toEqual([expect.any(Number), expect.stringContaining('could be guessed')]);
    const both = await run([...create, '--out', join(folder, 'none')]);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('cannot be used with')]);
    for (const { out, err } of [made, added, again, weak, both])
      for (const shown of [fromFile, fromInput]) expect(out + err).not.toContain(shown);
    for (const { code } of [again, weak]) expect(code).not.toBe(0);
  });

  it('says which kinds there are', async () => {
    const wrong = await run(['integration', 'create', service, 'x', '--kind', 'nagios']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('alertmanager')]);
  });
});
