import { afterAll, beforeAll, expect, it } from 'vitest';
import { dayMs, hourMs, minuteMs, secondMs, toIso } from '#domain/time.ts';
import { beginNight } from '../support/night.ts';
import type { Night } from '../support/night.ts';

/**
 * The night from the last Saturday to the last Sunday of October, in which London's clocks go back: at 01:00 UTC it is
 * 02:00 there and then 01:00 again. Of a year that lies ahead, since shifts can only be swapped before they begin.
 */
const sunday = (() => {
  for (let year = new Date().getUTCFullYear(); ; year++) {
    const last = Date.UTC(year, 9, 31);
    const at = last - new Date(last).getUTCDay() * dayMs;
    if (at > Date.now() + 30 * dayMs) return at;
  }
})();
const saturday = sunday - dayMs;
/** `20:03` is on Saturday, `01:40` on Sunday; UTC. */
const utc = (clock: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return (hours >= 12 ? saturday : sunday) + hours * hourMs + minutes * minuteMs + seconds * secondMs;
};

let night: Night;
beforeAll(async () => {
  night = await beginNight(utc('20:00'));
});
afterAll(() => night?.end());

/** A week's turns of two people that change hands on Mondays; the first has the week of the night. */
const turns = (id: string, zone: string, opens: string, closes: string, participants: readonly string[]) => ({
  id,
  zone,
  rotation: { kind: 'weekly' as const },
  start: `${toIso(saturday - 12 * dayMs).slice(0, 10)}T00:00`,
  participants: participants.toReversed(),
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7] as const, startTime: opens, endTime: closes }],
});

it('a night of a real team: nobody is paged but those who should be, and each of them when they should', async () => {
  const { phones } = night;
  const [ana, ben] = [
    await night.person('Ana', 'America/Los_Angeles'),
    await night.person('Ben', 'America/Los_Angeles'),
  ];
  const [yuki, kenji] = [await night.person('Yuki', 'Asia/Tokyo'), await night.person('Kenji', 'Asia/Tokyo')];
  const eli = await night.person('Eli', 'Europe/London', { quietHours: '22:00-07:00' });
  const fay = await night.person('Fay', 'Europe/London', { roles: ['responder', 'oncall_manager'] });
  const zoe = await night.person('Zoe', 'America/New_York');

  // Los Angeles until 23:00 UTC, Tokyo until 07:00 UTC, then London, where it is winter by then.
  const sun = await night.schedule('sun', 'UTC', [
    turns('amer', 'America/Los_Angeles', '08:00', '16:00', [ana, ben]),
    turns('apac', 'Asia/Tokyo', '08:00', '16:00', [yuki, kenji]),
    turns('emea', 'Europe/London', '07:00', '15:00', [eli, eli]),
  ]);
  const london = await night.schedule('london', 'Europe/London', [
    turns('days', 'Europe/London', '07:00', '19:00', [eli, eli]),
  ]);
  const always = await night.schedule('always', 'Europe/London', [
    turns('all', 'Europe/London', '00:00', '00:00', [eli, eli]),
  ]);
  const to = (...personIds: string[]) => personIds.map((personId) => ({ kind: 'person' as const, personId }));
  const onCall = (scheduleId: string) => [{ kind: 'schedule' as const, scheduleId }];
  const tenMinutes = 10 * minuteMs;
  const shop = await night.service(fay, {
    rungs: [
      { targets: onCall(sun), ackWithinMs: tenMinutes },
      { targets: to(fay, ben), ackWithinMs: tenMinutes, requiredAcks: 2 },
    ],
    ackTimeoutMs: hourMs,
    catchAllPersonId: zoe,
  });
  const search = await night.service(fay, {
    rungs: [
      { targets: onCall(sun), ackWithinMs: tenMinutes },
      { targets: to(fay), ackWithinMs: tenMinutes },
    ],
    catchAllPersonId: zoe,
  });
  const disks = await night.service(fay, {
    rungs: [{ targets: onCall(always), ackWithinMs: tenMinutes }],
    catchAllPersonId: zoe,
  });
  const batch = await night.service(fay, {
    rungs: [{ targets: onCall(london), ackWithinMs: tenMinutes }],
    repeat: 3,
    catchAllPersonId: zoe,
  });

  // Before the night, Yuki gives this Sunday's shift to Kenji for the next one; both agree.
  const shift = (personId: string, day: number) => ({
    personId,
    layerId: 'apac',
    startAt: toIso(utc('23:00') + day * dayMs),
    endAt: toIso(utc('07:00') + day * dayMs),
  });
  const swap = await night.call(yuki, 'POST', `/v1/schedules/${sun}/swap-requests`, {
    sides: [shift(yuki, 0), shift(kenji, 7)],
  });
  await night.call(kenji, 'POST', `/v1/swap-requests/${swap.id}/acceptances`);

  // 20:00: the shop is down. Ana takes it, takes that back, and takes it again within the grace.
  const shopDown = await night.alert(shop, 1, 'The shop is down');
  await night.until(utc('20:03'));
  await night.does(ana, shopDown, 'acknowledge');
  await night.until(utc('20:04'));
  await night.does(ana, shopDown, 'unacknowledge');
  await night.until(utc('20:04:05'));
  await night.does(ana, shopDown, 'acknowledge');

  // 20:30: Ben takes Ana's last hour. 21:04:05: her acknowledgement lapses; text messages work at the third try only.
  const version = (await night.call(fay, 'GET', `/v1/schedules/${sun}`)).version;
  await night.until(utc('20:30'));
  const lastHour = { startAt: toIso(utc('22:00')), endAt: toIso(utc('23:00')) };
  await night.call(
    fay,
    'POST',
    `/v1/schedules/${sun}/overrides`,
    { kind: 'replace', layerId: 'amer', personId: ana, byPersonId: ben, ...lastHour },
    version,
  );
  phones.answer = (_message, attempt) =>
    attempt < 3 ? { outcome: 'failed_transient', retryAfterMs: null } : { outcome: 'sent' };
  await night.until(utc('21:05'));

  // 21:14:05: both of the second rung must answer. Text messages fail: for Fay after all tries, for Ben for good.
  phones.answer = ({ address }) => {
    if (address.endsWith('Fay-sms')) return { outcome: 'failed_transient', retryAfterMs: null };
    return address.endsWith('Ben-sms') ? { outcome: 'failed_permanent', code: 'gone' } : { outcome: 'sent' };
  };
  await night.until(utc('21:15'));
  expect(await night.does(fay, shopDown, 'acknowledge')).toMatchObject({ status: 'triggered', acksMissing: 1 });
  await night.until(utc('21:17'));
  expect(await night.does(ben, shopDown, 'acknowledge')).toMatchObject({ status: 'acknowledged', acksMissing: 0 });
  phones.answer = () => ({ outcome: 'sent' });

  // 22:17: it lapses again. On call is Ben, by the override; Fay, who acknowledged too, is asked as well.
  await night.until(utc('22:18'));
  await night.does(fay, shopDown, 'acknowledge');
  await night.does(fay, shopDown, 'resolve');

  // 22:30, in London's night: a disk fills up. It is not urgent, so Eli is told when his quiet hours end.
  await night.until(utc('22:30'));
  const diskFull = await night.alert(disks, 3, 'A disk fills up');

  // 00:10: a batch job fails, and nobody works. The catch-all is told, once.
  await night.until(utc('00:10'));
  const batchFailed = await night.alert(batch, 2, 'The batch failed');

  // 00:50: search is down. Maintenance begins under way: Kenji's voice call still comes, the second rung does not.
  await night.until(utc('00:50'));
  const searchDown = await night.alert(search, 1, 'Search is down');
  await night.until(utc('00:52'));
  await night.maintenance(search, 'mnt_1', { untilAt: utc('02:30') });
  await night.until(utc('01:40'));
  await night.maintenance(search, 'mnt_1', 'ended');
  await night.until(utc('01:41'));
  await night.does(kenji, searchDown, 'acknowledge');
  await night.does(kenji, searchDown, 'snooze', { until: utc('06:52') });

  // 06:52: the snooze ends eight minutes before Tokyo does: Eli is paged as he comes on call.
  await night.until(utc('07:01'));
  await night.does(eli, searchDown, 'acknowledge');
  await night.until(utc('09:00'));
  for (const id of [diskFull, batchFailed, searchDown]) await night.does(eli, id, 'resolve');

  const names = new Map([
    [ana, 'Ana'],
    [ben, 'Ben'],
    [yuki, 'Yuki'],
    [kenji, 'Kenji'],
    [eli, 'Eli'],
    [fay, 'Fay'],
    [zoe, 'Zoe'],
    [shopDown, 'shop'],
    [diskFull, 'disk'],
    [batchFailed, 'batch'],
    [searchDown, 'search'],
  ]);
  const rang = await night.rang();
  expect(
    rang.map(({ at, escalationId, personId, channel, reason, result }) =>
      [toIso(at).slice(11, 19), names.get(escalationId), names.get(personId), channel, reason, result].join(' '),
    ),
  ).toEqual([
    '20:00:00 shop Ana sms rung sent',
    '21:04:05 shop Ana sms rung sent',
    '21:09:05 shop Ana voice personal_rule sent',
    '21:14:05 shop Fay sms rung failed',
    '21:14:05 shop Ben sms rung failed',
    '21:14:05 shop Fay voice next_channel sent',
    '21:14:05 shop Ben voice next_channel sent',
    '22:17:00 shop Ben sms rung sent',
    '22:17:00 shop Fay sms ack_timeout sent',
    '22:18:00 shop Ana voice resolved sent',
    '22:18:00 shop Ben sms resolved sent',
    '00:10:00 batch Zoe sms catch_all sent',
    '00:15:00 batch Zoe voice personal_rule sent',
    '00:50:00 search Kenji sms rung sent',
    '00:55:00 search Kenji voice personal_rule sent',
    '01:40:00 search Kenji sms rung sent',
    '06:52:00 search Kenji sms rung sent',
    '06:57:00 search Kenji voice personal_rule sent',
    '07:00:00 disk Eli email rung sent',
    '07:00:00 batch Eli sms rung sent',
    '07:00:00 search Eli sms rung sent',
    '07:05:00 batch Eli voice personal_rule sent',
    '09:00:00 batch Zoe voice resolved sent',
    '09:00:00 search Kenji voice resolved sent',
  ]);

  // Three tries for the text that came through, six for the one that did not, one for every other call.
  expect(rang.map(({ attempts }) => attempts).filter((attempts) => attempts !== 1)).toEqual([3, 6]);
  expect(phones.log).toHaveLength(rang.reduce((sum, { attempts }) => sum + attempts, 0));
  // The swap made version 2 of the rota, the override version 3; each page names the one that chose its person.
  const sourceAt = (clock: string) => rang.find(({ at }) => at === utc(clock))?.source;
  expect(sourceAt('20:00')).toMatchObject({ scheduleId: sun, scheduleVersion: 2, layerId: 'amer' });
  expect(sourceAt('22:17')).toMatchObject({ scheduleId: sun, scheduleVersion: 3, layerId: 'amer' });
  expect(sourceAt('00:50')).toMatchObject({ scheduleId: sun, scheduleVersion: 3, layerId: 'apac' });
}, 240_000);
