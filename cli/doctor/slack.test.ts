import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '#config/env.ts';
import { startTestSlack } from '#test/support/slack.ts';
import type { TestSlack } from '#test/support/slack.ts';
import { checkSlack } from './slack.ts';

let slack: TestSlack;
beforeAll(async () => {
  slack = await startTestSlack();
});
afterAll(() => slack?.stop());
afterEach(() => slack.behave());

const look = (variables: Record<string, string>) =>
  checkSlack(
    readConfig({
      VIGIL_DATABASE_URL: 'postgres://x@127.0.0.1/x',
      VIGIL_SLACK_API_URL: `${slack.url}/api/`,
      VIGIL_OUTGOING_ALLOW: new URL(slack.url).host,
      ...variables,
    }),
  );
const both = { VIGIL_SLACK_TOKEN: 'xoxb-test', VIGIL_SLACK_SIGNING_SECRET: 'secret' };

describe('the doctor of Slack', () => {
  it('looks at nothing where it is not set up', async () => {
    expect(await look({})).toEqual([]);
  });

  it('finds nothing wrong where Slack lets Vigil in', async () => {
    expect(await look(both)).toMatchObject([{ name: 'slack', status: 'ok', detail: 'vigil in Example' }]);
  });

  it('says with which word Slack does not let it in', async () => {
    expect(await look({ ...both, VIGIL_SLACK_TOKEN: 'xoxb-other' })).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('invalid_auth') },
    ]);
    await slack.fault({ mode: 'error_500' });
    expect(await look(both)).toMatchObject([{ status: 'fail', detail: expect.stringContaining('http_500') }]);
  });

  it('finds what is half set up', async () => {
    expect(await look({ VIGIL_SLACK_TOKEN: 'xoxb-test' })).toMatchObject([
      { name: 'slack', status: 'ok' },
      { name: 'slack buttons', status: 'warn' },
    ]);
    expect(await look({ VIGIL_SLACK_SIGNING_SECRET: 'secret' })).toMatchObject([{ name: 'slack', status: 'fail' }]);
    expect(await look({ VIGIL_SLACK_TOKEN_FILE: '/nowhere/token' })).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('VIGIL_SLACK_TOKEN_FILE') },
    ]);
  });
});
