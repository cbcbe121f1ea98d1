import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import type { Check } from '#cli/doctor/check.ts';
import { listen } from '#test/support/cli.ts';

let api: TestApi;
let as: Awaited<ReturnType<typeof listen>>;
let cli: ReturnType<typeof as>;
beforeAll(async () => {
  api = await startTestApi();
  as = await listen(api.app);
  cli = as((await api.principal({ roles: ['admin'] })).token);
});
afterAll(() => api?.stop());

const reached = {
  contactMethods: [{ key: 'phone', channel: 'console', address: 'x' }],
  notificationRules: {
    high: [{ contactMethod: 'phone', delayMinutes: 0 }],
    low: [{ contactMethod: 'phone', delayMinutes: 0 }],
  },
};
const setup = {
  teams: [{ key: 'team', name: 'Team' }],
  people: [
    { key: 'reached', name: 'Reached', roles: [{ role: 'responder', teamId: '@teams/team' }], ...reached },
    { key: 'silent', name: 'Silent' },
  ],
  schedules: [
    { key: 'always', name: 'Always', teamId: '@teams/team', document: schedule('@people/reached') },
    { key: 'silent', name: 'Silent', teamId: '@teams/team', document: schedule('@people/silent') },
  ],
  escalationPolicies: [
    {
      key: 'default',
      name: 'Default',
      teamId: '@teams/team',
      document: {
        rungs: [
          {
            targets: [
              { kind: 'person', personId: '@people/silent' },
              { kind: 'schedule', scheduleId: '@schedules/always' },
            ],
            ackWithinMs: 300_000,
          },
        ],
        catchAllPersonId: '@people/reached',
      },
    },
  ],
};

function schedule(participant: string, end?: string): object {
  return {
    zone: 'UTC',
    layers: [
      {
        id: 'base',
        rotation: { kind: 'daily' },
        start: '2026-01-05T09:00',
        ...(end === undefined ? {} : { end }),
        participants: [participant],
      },
    ],
  };
}

async function check(change: (next: typeof setup) => void = () => undefined) {
  const next = structuredClone(setup);
  change(next);
  const applied = await cli(['config', 'apply', '--file', '-'], { input: JSON.stringify(next) });
  expect(applied).toMatchObject({ code: 0, err: '' });
  const run = await cli(['check', '--json']);
  return { code: run.code, bad: run.json<Check[]>().filter(({ status }) => status !== 'ok') };
}

describe('vigil check', () => {
  it('fails where there is nothing to look at', async () => {
    const run = await cli(['check', '--json']);
    expect(run.code).toBe(3);
    expect(run.json<Check[]>().map(({ name, status }) => `${name} ${status}`)).toEqual(['on-call fail', 'rungs fail']);
  });

  it('asks for no schedule where the policies name people', async () => {
    const admin = await api.principal({ roles: ['admin'] });
    const { schedules: _none, ...rest } = setup;
    const rungs = [{ targets: [{ kind: 'person', personId: '@people/reached' }], ackWithinMs: 300_000 }];
    const [policy] = rest.escalationPolicies;
    const next = { ...rest, escalationPolicies: [{ ...policy, document: { ...policy?.document, rungs } }] };
    const applied = await as(admin.token)(['config', 'apply', '--file', '-'], { input: JSON.stringify(next) });
    expect(applied).toMatchObject({ code: 0, err: '' });
    const run = await as(admin.token)(['check', '--json']);
    expect(run.code).toBe(0);
    expect(run.json<Check[]>().map(({ name, status }) => `${name} ${status}`)).toEqual([
      'on-call ok',
      'policy default ok',
    ]);
  });

  it('passes when somebody is always on call and can be reached', async () => {
    expect(await check()).toEqual({ code: 0, bad: [] });
  });

  it('fails for a gap within the days that are looked at, and not beyond', async () => {
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);
    expect(
      (
        await check((next) => {
          next.schedules[0]!.document = schedule('@people/reached', inDays(40));
        })
      ).code,
    ).toBe(0);
    const { code, bad } = await check((next) => {
      next.schedules[0]!.document = schedule('@people/reached', inDays(20));
    });
    expect({ code, bad }).toMatchObject({
      code: 3,
      bad: [
        { name: 'on-call always', status: 'fail', detail: expect.stringContaining('nobody is on call from') },
        { name: 'policy default', status: 'fail' },
      ],
    });
    expect((await cli(['check', '--days', '10'])).code).toBe(0);
  });

  it('fails for a rung, and for a catch-all, that reach nobody', async () => {
    const rung = await check((next) => {
      next.escalationPolicies[0]!.document.rungs[0]!.targets[1] = { kind: 'schedule', scheduleId: '@schedules/silent' };
    });
    expect(rung).toMatchObject({
      code: 3,
      bad: [
        {
          name: 'policy default',
          detail: expect.stringMatching(
            /^rung 1 can reach nobody with high urgency from .* until .*; rung 1 can reach nobody with low urgency from/,
          ),
        },
      ],
    });
    const last = await check((next) => {
      next.escalationPolicies[0]!.document.catchAllPersonId = '@people/silent';
    });
    expect(last).toMatchObject({
      code: 3,
      bad: [
        { name: 'policy default', detail: expect.stringContaining('the catch-all can reach nobody with high urgency') },
      ],
    });
  });

  it('names people of whom no contact method is verified', async () => {
    const { code, bad } = await check((next) => {
      next.people.push({
        key: 'unproven',
        name: 'Unproven',
        contactMethods: [{ key: 'mail', channel: 'email', address: 'unproven@example.org' }],
        notificationRules: {
          high: [{ contactMethod: 'mail', delayMinutes: 0 }],
          low: [{ contactMethod: 'mail', delayMinutes: 0 }],
        },
      });
      next.escalationPolicies[0]!.document.rungs[0]!.targets[0] = { kind: 'person', personId: '@people/unproven' };
    });
    expect({ code, bad }).toMatchObject({
      code: 3,
      bad: [{ name: 'person Unproven', detail: 'none of 1 contact methods is verified, so no page reaches them' }],
    });
  });

  it('looks at the hand-offs to come, and not only at who is on call now', async () => {
    // The one who can be reached and the one who cannot take turns, a day each.
    const { code, bad } = await check((next) => {
      const alternating = schedule('@people/reached') as { layers: { participants: string[] }[] };
      alternating.layers[0]!.participants.push('@people/silent');
      next.schedules[0]!.document = alternating;
    });
    expect({ code, bad }).toMatchObject({
      code: 3,
      bad: [{ detail: expect.stringMatching(/, and 1[3-5] more times/) }],
    });
  });

  it('looks at the teams of whoever asks, who need not see how others are reached', async () => {
    const teams = (await cli(['list', 'teams', '--json'])).json<{ id: string }[]>();
    await check();
    const responder = as((await api.principal({ roles: ['responder'], teamId: teams[0]!.id })).token);
    const run = await responder(['check', '--json']);
    expect([run.code, run.json<Check[]>().length]).toEqual([0, 3]);
    const stranger = as((await api.principal({ roles: ['responder'], teamId: await api.team() })).token);
    expect((await stranger(['check', '--json'])).json<Check[]>().map(({ name }) => name)).toEqual(['on-call', 'rungs']);
  });
});
