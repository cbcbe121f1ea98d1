import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { processEnvironment } from '#config/env.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium of this machine: `CHROME_PATH`, else the first of the usual names on PATH; null when there is none. */
export function findChromium(): string | null {
  const { CHROME_PATH, PATH = '' } = processEnvironment;
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [CHROME_PATH ?? '', ...places].find(isExecutable) ?? null;
}

/** What a skipped test says. */
export const noChromium = 'no Chromium on this machine: set CHROME_PATH, or install one as `chromium`';

export function launchChromium(executablePath: string): Promise<Browser> {
  // As root Chromium's sandbox does not start; what is loaded here is our own page.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] });
}

function isExecutable(file: string): boolean {
  if (file === '') return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
