import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { startSweep } from '../support/sweeping.ts';
import { startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-histories-'));
  vigil = await startTestVigil();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await vigil.stop();
});

/** Runs `npm run history:record -- …` as a person would. */
function recordHistory(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const script = fileURLToPath(new URL('../../scripts/record-history.ts', import.meta.url));
  const env = { TEMPORAL_ADDRESS: vigil.address };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args, '--folder', folder], { env }, (error, out, err) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
        out: out.trim(),
        err: err.trim(),
      });
    });
  });
}

it('saves a run under its workflow and name, without what names the machine', async () => {
  const swept = await startSweep(vigil, newId('detectorVersion'));
  await swept.result();
  const { code, out } = await recordHistory(swept.workflowId, 'nothing-to-do');
  expect({ code, out }).toEqual({ code: 0, out: join(folder, 'detectionSweep', 'nothing-to-do.json') });
  const text = readFileSync(out, 'utf8');
  expect(text).not.toMatch(/stackTrace|"identity": "(?!recorded")/);
  const history = await swept.fetchHistory();
  expect(historyFromJSON(JSON.parse(text)).events).toHaveLength(history.events?.length ?? 0);
});

it('says what is wrong, and writes nothing', async () => {
  const swept = await startSweep(vigil, newId('detectorVersion'));
  await swept.result();
  expect(await recordHistory('case:none', 'none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('not found') as string,
  });
  expect(await recordHistory(swept.workflowId, '../../out')).toMatchObject({
    code: 1,
    err: expect.stringContaining('is not a name') as string,
  });
  expect(await recordHistory(swept.workflowId)).toMatchObject({
    code: 2,
    err: expect.stringContaining('history:record') as string,
  });
});
