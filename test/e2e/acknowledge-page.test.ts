import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processEnvironment } from '#config/env.ts';
import { createPhones } from '#demo/simulators/phones.ts';
import { createSupervisor } from '#scripts/processes.ts';
import type { Supervisor } from '#scripts/processes.ts';
import { signingSecretFile, startStack } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import { findChromium, launchChromium, noChromium } from '../support/chromium.ts';
import { setUpOnePhone } from '../support/one-phone.ts';
import type { OnePhone } from '../support/one-phone.ts';
import { checkPage } from '../support/page-checks.ts';
import { eventually } from '../support/vigil.ts';

const executable = findChromium();
if (executable === null) console.warn(`skipped: ${noChromium}`);
/** Screenshots go here when it is set, for people to look at. */
const pictures = processEnvironment['VIGIL_TEST_PICTURES'];

const directory = mkdtempSync(join(tmpdir(), 'vigil-acknowledge-page-'));
const small = { width: 320, height: 568 };
/** Everything that was ever the secret of a link here. */
const links: string[] = [];
let supervisor: Supervisor;
let stack: Stack;
let world: OnePhone;
let phones: FastifyInstance;
let phonesUrl: string;
let browser: Browser;
let database: pg.Client;

beforeAll(async () => {
  if (executable === null) return;
  supervisor = await createSupervisor({ directory });
  // In the middle of a rotation: the phone knows the older of two secrets.
  const secretFile = signingSecretFile(directory);
  const secret = readFileSync(secretFile, 'utf8').trim();
  writeFileSync(secretFile, `whsec_${randomBytes(32).toString('base64')}\n${secret}\n`);
  phones = createPhones({ secret });
  phonesUrl = await phones.listen({ host: '127.0.0.1', port: 0 });
  stack = await startStack({
    supervisor,
    directory,
    environment: processEnvironment,
    settings: { VIGIL_OUTGOING_ALLOW: new URL(phonesUrl).host, VIGIL_LOG_LEVEL: 'trace' },
  });
  world = await setUpOnePhone(stack, 'Ann', `${phonesUrl}/phones/ann/pages`);
  database = new pg.Client({ connectionString: stack.urls.owner });
  await database.connect();
  browser = await launchChromium(executable);
});
afterAll(async () => {
  await browser?.close();
  await database?.end();
  await supervisor?.stopAll();
  await phones?.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Arrival {
  readonly seq: number;
  readonly page?: { readonly escalationId: string; readonly kind: string; readonly ackUrl: string };
}

/** The links of the pages about one escalation, in the order of their arrival. */
async function linksOf(escalationId: string): Promise<string[]> {
  const { records } = (await (await fetch(`${phonesUrl}/log?contact=ann`)).json()) as { records: Arrival[] };
  const found = records.flatMap(({ page }) =>
    page?.escalationId === escalationId && page.kind === 'page' ? [page.ackUrl] : [],
  );
  for (const link of found) if (!links.includes(link)) links.push(link);
  return found;
}

/** Raises an alert and waits until its page is on the phone. */
async function paged(title: string): Promise<{ escalationId: string; link: string }> {
  const escalationId = await world.alert(randomUUID(), title);
  const [link = ''] = await eventually('it is paged', async () => {
    const found = await linksOf(escalationId);
    return found.length > 0 && found;
  });
  return { escalationId, link };
}

async function stateOf(escalationId: string): Promise<{ status: string; acts: number }> {
  const { rows } = await database.query<{ status: string; acts: string }>(
    `SELECT status, (SELECT count(*) FROM commands WHERE aggregate_id = e.id AND mode = 'update') AS acts
     FROM escalations e WHERE id = $1`,
    [escalationId],
  );
  return { status: rows[0]?.status ?? '', acts: Number(rows[0]?.acts) };
}

/** Opens a page in a browser of its own, as a phone does that has never seen it. */
async function open(link: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: small, ...options });
  const page = await context.newPage();
  page.on('dialog', () => {
    throw new Error('something ran on the page');
  });
  await page.goto(link, { waitUntil: 'networkidle' });
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

describe.skipIf(executable === null)('the page behind the link of a page, in Chromium', () => {
  it('does nothing when it is loaded without a tap, nor when a hundred scanners fetch it', async () => {
    const { escalationId, link } = await paged('Search is down');
    const page = await open(link);
    expect(await page.title()).toBe('Acknowledge · Vigil');
    await page.reload({ waitUntil: 'networkidle' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => fetch(link, { method: index % 2 === 0 ? 'GET' : 'HEAD' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await stateOf(escalationId)).toEqual({ status: 'triggered', acts: 0 });
    await page.context().close();
  });

  it('without script on a small phone, one tap acknowledges and the page says who did', async () => {
    const { escalationId, link } = await paged('Search is down in every region, and the spare is down as well');
    const page = await open(link, { javaScriptEnabled: false, colorScheme: 'dark', hasTouch: true, isMobile: true });
    await picture(page, 'acknowledge-dark');
    const button = page.getByRole('button', { name: 'Acknowledge' });
    const box = await button.boundingBox();
    expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThanOrEqual(small.height);
    await button.tap();
    await page.getByText('You acknowledged at').waitFor();
    expect(page.url()).toBe(link);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(
      /^You acknowledged at \d\d:\d\d UTC, Ann\.$/,
    );
    await picture(page, 'acknowledged-dark');
    expect(await stateOf(escalationId)).toEqual({ status: 'acknowledged', acts: 1 });
    await page.reload();
    await page.goBack().catch(() => null);
    expect(await stateOf(escalationId)).toEqual({ status: 'acknowledged', acts: 1 });
    await page.context().close();
  });

  it('is used by the keyboard alone, and undo brings the pages back', async () => {
    const { escalationId, link } = await paged('The queue stands still');
    const page = await open(link, { colorScheme: 'light' });
    await page.keyboard.press('Tab');
    await picture(page, 'acknowledge-light');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await picture(page, 'acknowledged-light');
    expect((await stateOf(escalationId)).status).toBe('acknowledged');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByText('Taken back at').waitFor();
    await picture(page, 'undone-light');
    expect((await stateOf(escalationId)).status).toBe('triggered');
    const [, again = ''] = await eventually(
      'it is paged again after the grace',
      async () => {
        const found = await linksOf(escalationId);
        return found.length > 1 && found;
      },
      30_000,
    );
    expect(again).not.toBe(link);
    await page.goto(again);
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('You acknowledged at').waitFor();
    expect((await stateOf(escalationId)).status).toBe('acknowledged');
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('can be read by everybody, %s', async (colorScheme) => {
    const { link } = await paged('Disk '.repeat(60));
    const dead = link.replace(/.{22}$/, 'A'.repeat(22));
    const acknowledge = await open(link, { colorScheme });
    const seen = [await checkPage(acknowledge)];
    expect(seen[0]?.buttonHeight).toBeGreaterThanOrEqual(56);
    await picture(acknowledge, `long-title-${colorScheme}`);
    await acknowledge.goto(dead);
    await picture(acknowledge, `unknown-${colorScheme}`);
    seen.push(await checkPage(acknowledge));
    for (const { lang, title, contrast, scrollsSideways, headings, isStyled, scripts } of seen) {
      expect(lang).toBe('en');
      expect(title).toMatch(/ · Vigil$/);
      expect(contrast).toBeGreaterThanOrEqual(7);
      expect(scrollsSideways).toBe(false);
      expect(headings).toHaveLength(1);
      expect(isStyled).toBe(true);
      expect(scripts).toBe(0);
    }
    await acknowledge.context().close();
  });

  it('shows a hostile title as the text that it is', async () => {
    const title = `"><img src=x onerror=alert(1)></h1><script>alert(2)</script>&lt;b&gt;`;
    const { link } = await paged(title);
    const page = await open(link);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(title);
    expect(await page.locator('script, img, iframe, link').count()).toBe(0);
    await page.context().close();
  });

  it('leaves no secret of any link in what the processes logged', async () => {
    expect(links.length).toBeGreaterThan(5);
    const logs = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
    const texts = logs.map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(texts.some((text) => text.includes('"route":"/a/:token"'))).toBe(true);
    for (const link of links) {
      const token = new URL(link).pathname.split('/').at(-1) ?? '';
      expect(token).toMatch(/^[\w-]{22}$/);
      expect(texts.filter((text) => text.includes(token))).toEqual([]);
    }
  });
});
