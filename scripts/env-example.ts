import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { environmentSchema } from '#config/env.ts';

/** Writes `.env.example` from the schema of the configuration; with `--check` only says whether it is unchanged. */
const file = fileURLToPath(new URL('../.env.example', import.meta.url));

function render(): string {
  const described = z.toJSONSchema(environmentSchema, { io: 'input', unrepresentable: 'any' });
  const properties = described.properties as Record<string, { description?: string; default?: unknown }>;
  const required = new Set(described.required ?? []);
  const entries = Object.entries(properties).map(([name, { description = '', default: fallback }]) => {
    const about = `# ${description}${required.has(name) ? ' Required.' : ''}`;
    const value = fallback === undefined || fallback === '' ? '' : `${fallback as string | number}`;
    return `${about}\n${required.has(name) ? '' : '#'}${name}=${value}\n`;
  });
  return `# Generated from config/env.ts by \`npm run env:example\`. Copy to .env and fill in; a secret never has a default.\n\n${entries.join('\n')}`;
}

const text = render();
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('.env.example is not what config/env.ts says: run `npm run env:example` and commit it.');
  process.exitCode = 1;
}
