import { expect, it } from 'vitest';
import { startLoopbackServer } from '#test/support/loopback-server.ts';
import { createSlackAnswers } from './answers.ts';

const warnings: object[] = [];
const log = { warn: (fields: object) => void warnings.push(fields) };

it('goes to the one who clicked alone, without markup', async () => {
  await using server = await startLoopbackServer((response) => response.end('ok'));
  await createSlackAnswers({ apiUrl: `${server.url}/api/`, log })(
    `${server.url}/answers/1`,
    'Not done <!channel> & so on',
  );
  expect(server.received.map(({ path, body }) => [path, JSON.parse(body) as object])).toEqual([
    [
      '/answers/1',
      { response_type: 'ephemeral', replace_original: false, text: 'Not done &lt;!channel&gt; &amp; so on' },
    ],
  ]);
});

it('goes to no other host, whatever a request names, and follows nowhere', async () => {
  await using other = await startLoopbackServer((response) => response.end('ok'));
  await using server = await startLoopbackServer((response) => {
    response.writeHead(307, { location: `${other.url}/elsewhere` }).end();
  });
  const answer = createSlackAnswers({ apiUrl: `${server.url}/api/`, log });
  warnings.length = 0;
  for (const url of [`${other.url}/x`, 'https://hooks.slack.com.evil.example/x', 'http://hooks.slack.com/x', 'no url'])
    await answer(url, 'text');
  await answer(`${server.url}/answers/1`, 'text');
  expect(other.received).toEqual([]);
  expect(warnings).toHaveLength(5);
  expect(JSON.stringify(warnings)).not.toMatch(/evil|answers/);
});
