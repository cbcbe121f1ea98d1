import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

export interface BundleOptions {
  /** Where bundles are kept between starts. */
  readonly folder: string;
  /** The project's root. Default: this checkout. */
  readonly root?: string;
}

const bundlesKept = 3;

/**
 * Bundles the workflow code for a Worker's `workflowBundle: { codePath }` and returns the path of the file.
 *
 * The name holds a hash of all that goes into it (`workflows/`, `domain/`, the locked dependencies), so an unchanged tree
 * finds its bundle again instead of spending seconds on building it, and two processes never see each other's half-written
 * one. Throws when the code does not bundle.
 */
export async function buildWorkflowBundle({ folder, root = projectRoot }: BundleOptions): Promise<string> {
  const path = join(folder, `workflows-${sourceHash(root)}.cjs`);
  if (existsSync(path)) return path;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${randomUUID()}`;
  writeFileSync(partial, code);
  renameSync(partial, path);
  removeOldBundles(folder);
  return path;
}

const projectRoot = fileURLToPath(new URL('..', import.meta.url));

function sourceHash(root: string): string {
  const hash = createHash('sha256');
  const files = [
    'package.json',
    'package-lock.json',
    ...sourcesUnder(root, 'workflows'),
    ...sourcesUnder(root, 'domain'),
  ];
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex').slice(0, 32);
}

function sourcesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}

function removeOldBundles(folder: string): void {
  const bundles = readdirSync(folder)
    .filter((name) => name.startsWith('workflows-'))
    .map((name) => ({ file: join(folder, name), changed: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.changed - a.changed);
  for (const { file } of bundles.slice(bundlesKept)) rmSync(file, { force: true });
}
