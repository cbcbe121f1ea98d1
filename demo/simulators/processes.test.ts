import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postJson, postSigned, testSecret } from './test-client.ts';

type Simulator = ChildProcessByStdio<Writable, Readable, Readable>;

let dir: string;
let running: Simulator[];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-processes-'));
  writeFileSync(path.join(dir, 'secret'), `${testSecret}\n`);
  running = [];
});
afterEach(async () => {
  for (const child of running.filter((one) => one.exitCode === null && one.signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true });
});

function run(name: string, flags: readonly string[]): Simulator {
  const main = path.join(import.meta.dirname, `${name}-main.ts`);
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

async function ready(child: Simulator): Promise<string> {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/);
  return line.slice('ready '.length);
}

const flags = () => ['--log', path.join(dir, 'log.ndjson'), '--secret-file', path.join(dir, 'secret')];
const suspend = {
  orderId: 'enf_1',
  action: 'suspend_account',
  operation: 'apply',
  target: { kind: 'account', ref: 'acct_1' },
  until: null,
  policyCode: 'SPAM-1',
  dryRun: false,
};

describe('the platform process', () => {
  it('remembers after SIGKILL, and stops on SIGTERM', async () => {
    const act = async (url: string) =>
      await postSigned(`${url}/enforcement/actions`, suspend, { headers: { 'idempotency-key': 'k1' } });
    const killed = run('platform', flags());
    const first = await (await act(await ready(killed))).text();
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    const restarted = run('platform', flags());
    const second = await act(await ready(restarted));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await second.text()).toBe(first);

    restarted.kill('SIGTERM');
    expect(await once(restarted, 'exit')).toEqual([0, null]);
  }, 20_000);

  it('says what is wrong with its flags', async () => {
    const child = run('platform', ['--port', '99999']);
    const [output, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'exit')]);
    expect(code).toBe(2);
    expect(Buffer.concat(output as Buffer[]).toString()).toContain('--port 99999 is not a port');
  }, 20_000);
});

describe('the phones process', () => {
  it('stops when its parent goes, when asked to', async () => {
    const child = run('phones', [...flags(), '--stop-with-stdin']);
    const url = await ready(child);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 20_000);
});

describe('the classifier process', () => {
  it('scores with the model of the training half', async () => {
    const url = await ready(run('classifier', ['--port', '0']));
    const response = await postJson(`${url}/v1/score`, {
      items: [
        { id: '1', text: 'FREE!!! Click here to save money now, 100% guaranteed, remove me from this list' },
        { id: '2', text: 'The patch applies cleanly to the current tree, but the test fails on my machine.' },
      ],
    });
    const { results } = (await response.json()) as { results: { label: string }[] };
    expect(results.map((result) => result.label)).toEqual(['spam', 'ham']);
  }, 60_000);
});
