import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { buildWorkflowBundle } from './workflow-bundle.ts';

// Bundling takes seconds.
vi.setConfig({ testTimeout: 120_000 });

let root: string;
let folder: string;

/** A tiny project of the same shape as this one. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-bundle-'));
  folder = join(root, 'bundles');
  mkdirSync(join(root, 'workflows'));
  mkdirSync(join(root, 'domain'));
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(root, 'node_modules'));
  write('package.json', '{ "type": "module", "imports": { "#domain/*": "./domain/*" } }');
  write('package-lock.json', '{}');
  write('domain/greeting.ts', `export const greeting: string = 'the first greeting';`);
  write(
    'workflows/index.ts',
    `import { greeting } from '#domain/greeting.ts';\nexport async function greet(): Promise<string> { return greeting; }`,
  );
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const write = (file: string, text: string): void => writeFileSync(join(root, file), text);

it('builds once for the same sources, and again when any of them changed', async () => {
  const first = await buildWorkflowBundle({ folder, root });
  expect(readFileSync(first, 'utf8')).toContain('the first greeting');

  writeFileSync(first, 'kept as it is');
  write('workflows/notes.test.ts', 'tests are not bundled');
  expect(await buildWorkflowBundle({ folder, root })).toBe(first);
  expect(readFileSync(first, 'utf8')).toBe('kept as it is');

  write('domain/greeting.ts', `export const greeting: string = 'the second greeting';`);
  const second = await buildWorkflowBundle({ folder, root });
  expect(second).not.toBe(first);
  expect(readFileSync(second, 'utf8')).toContain('the second greeting');

  write('package-lock.json', '{ "another": "SDK" }');
  expect(await buildWorkflowBundle({ folder, root })).not.toBe(second);
  expect(readdirSync(folder)).toHaveLength(3);
});

it('tells why, and leaves nothing behind, when the code does not bundle', async () => {
  write('workflows/index.ts', `export { missing } from './nowhere.ts';`);
  const before = readdirSync(folder);
  await expect(buildWorkflowBundle({ folder, root })).rejects.toThrow("Can't resolve './nowhere.ts'");
  expect(readdirSync(folder)).toEqual(before);
});

it('uses a temporary folder when its own cannot be written', async () => {
  write('workflows/index.ts', `export async function still(): Promise<void> {}`);
  write('not-a-folder', '');
  const bundle = await buildWorkflowBundle({ folder: join(root, 'not-a-folder', 'bundles'), root });
  expect(readFileSync(bundle, 'utf8')).toContain('still');
  expect(bundle.startsWith(tmpdir())).toBe(true);
  rmSync(join(bundle, '..'), { recursive: true });
});
