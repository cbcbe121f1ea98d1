import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileCache } from '#scripts/stack.ts';
import { expectThat } from './world.ts';
import type { World } from './world.ts';

interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly actorKind: string;
  readonly actorId: string;
  readonly action: string;
  readonly reason: string | null;
}

/** Step 10a: who did what to the launch, in order. */
export async function timeline(world: World, launchId: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let afterSeq: number | null = 0;
  while (afterSeq !== null) {
    const page: { items: Entry[]; nextAfterSeq: number | null } = await world
      .as('auditor')
      .get(`/v1/audit/launch/${launchId}/events`, { afterSeq, limit: 200 });
    entries.push(...page.items);
    afterSeq = page.nextAfterSeq;
  }
  expectThat(
    entries.length > 10 && entries.every((entry, index) => entry.seq === index + 1),
    'the timeline has no hole',
  );
  return entries;
}

/** Step 10b: one bundle is exported and verified offline; a change of one byte in it is found. */
export async function exportAndVerify(world: World, launchId: string): Promise<{ bytes: number; fault: string }> {
  const bundle = join(world.directory, 'launch-bundle.json');
  await world.cli('auditor', 'audit', 'export', 'launch', launchId, '--at-most', '6', '--out', bundle);
  const bytes = await readFile(bundle);
  const at = bytes.indexOf(Buffer.from('"launch.signOff"')) + 3;
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  const changedFile = join(world.directory, 'launch-bundle-changed.json');
  await writeFile(changedFile, changed);
  const [whole, found] = await Promise.all([verify(bundle), verify(changedFile)]);
  expectThat(whole.code === 0, 'the exported bundle verifies', whole.text);
  expectThat(found.code === 7, 'a change of one byte is found', found);
  return { bytes: bytes.length, fault: faultLine(found.text) };
}

const cliFile = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Offline on purpose: no token, no database, no Temporal. */
async function verify(file: string): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [cliFile, 'audit', 'verify', '--file', file], {
    env: { PATH: '', NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

/** The first line of the report that names a place in the changed chain. */
const faultLine = (text: string): string =>
  text
    .split('\n')
    .find((line) => /hash|form/.test(line) && !/sha256/.test(line))
    ?.trim()
    .replace(/\s+/g, ' ') ?? text;
