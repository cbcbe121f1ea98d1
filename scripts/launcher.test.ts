import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let root: string;
let launcher: string;

/** A project with the real launcher, and a Node that prints what it was called with. */
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'vigil launcher ')));
  launcher = join(root, 'project', 'bin', 'vigil');
  mkdirSync(dirname(launcher), { recursive: true });
  copyFileSync(fileURLToPath(new URL('../bin/vigil', import.meta.url)), launcher);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function installNode(): void {
  const node = join(root, 'project', 'node_modules', '.bin', 'node');
  mkdirSync(dirname(node), { recursive: true });
  writeFileSync(node, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  chmodSync(node, 0o755);
}

it('runs the command line of its project with its Node, and hands the arguments on', () => {
  installNode();
  const printed = execFileSync(launcher, ['launch', 'an argument with spaces', ''], { cwd: '/', encoding: 'utf8' });
  expect(printed.split('\n')).toEqual([
    join(root, 'project', 'cli', 'main.ts'),
    'launch',
    'an argument with spaces',
    '',
    '',
  ]);
});

it('finds its project through symbolic links, absolute and relative', () => {
  installNode();
  mkdirSync(join(root, 'links'));
  symlinkSync(launcher, join(root, 'links', 'absolute'));
  symlinkSync('absolute', join(root, 'links', 'vigil'));
  const environment = { PATH: `${join(root, 'links')}:/usr/bin:/bin` };
  const printed = execFileSync('/bin/sh', ['-c', 'vigil doctor'], { cwd: '/', encoding: 'utf8', env: environment });
  expect(printed).toBe(`${join(root, 'project', 'cli', 'main.ts')}\ndoctor\n`);
});

it('says what to do when the dependencies are not installed', () => {
  const { status, stderr } = spawnSync(launcher, [], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toBe(`vigil: its dependencies are not installed; run "npm ci" in ${join(root, 'project')}\n`);
});
