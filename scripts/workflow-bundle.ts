import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

export interface BundleOptions {
  /** Where bundles are kept between starts. */
  readonly folder: string;
  /** The project's root. Default: this checkout. */
  readonly root?: string;
}

const keptUnusedMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Bundles the workflow code for a Worker's `workflowBundle: { codePath }` and returns the path of the file.
 *
 * The name holds a hash of all that goes into it (`workflows/`, `domain/`, the locked dependencies), so an unchanged tree
 * finds its bundle again instead of spending seconds on building it, and two processes never see each other's half-written
 * one. When `folder` cannot be written, the bundle goes to a temporary folder, unkept. Throws with the bundler's words when
 * the code does not bundle.
 */
export async function buildWorkflowBundle({ folder, root = projectRoot }: BundleOptions): Promise<string> {
  const path = join(folder, `workflows-${sourceHash(root)}.cjs`);
  if (existsSync(path)) {
    markUsed(path);
    return path;
  }
  const code = await bundle(join(root, 'workflows', 'index.ts'));
  try {
    mkdirSync(folder, { recursive: true });
    writeWhole(path, code);
    removeOldBundles(folder);
    return path;
  } catch (error) {
    if (!notWritable.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const elsewhere = join(mkdtempSync(join(tmpdir(), 'vigil-bundle-')), basename(path));
    writeWhole(elsewhere, code);
    return elsewhere;
  }
}

async function bundle(workflowsPath: string): Promise<string> {
  const complaints: string[] = [];
  const logger = new DefaultLogger('ERROR', ({ message }) => complaints.push(message));
  try {
    return (await bundleWorkflowCode({ workflowsPath, logger })).code;
  } catch (cause) {
    throw new Error(`The workflow code does not bundle: ${(cause as Error).message}\n${complaints.join('\n')}`, {
      cause,
    });
  }
}

/** A checkout on a read-only disk, or of another user. */
const notWritable = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

function writeWhole(path: string, text: string): void {
  const partial = `${path}.${randomUUID()}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
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

function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Of another user: then that one keeps it.
  }
}

function removeOldBundles(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.startsWith('workflows-'))) {
    const file = join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > keptUnusedMs) rmSync(file, { force: true });
  }
}
