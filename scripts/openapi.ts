import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiText } from './openapi-text.ts';

/** Writes `openapi.json`, from which clients are built; with `--check` only says whether it is unchanged. */
const file = fileURLToPath(new URL('../openapi.json', import.meta.url));

const text = await openApiText();
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('openapi.json is not what the API says of itself: run `npm run openapi` and commit it.');
  process.exitCode = 1;
}
