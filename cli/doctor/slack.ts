import { createSlackApi } from '#activities/clients/slack-api.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { ConfigurationError } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { readSecret } from '#config/secret-file.ts';
import { fail, ok, warn } from './check.ts';
import type { Check } from './check.ts';

const answerWithinMs = 5_000;

/** Slack, where it is set up: whether it lets Vigil in, and whether clicks can be believed. Nothing where it is not. */
export async function checkSlack({ slack, outgoing }: Pick<Config, 'slack' | 'outgoing'>): Promise<Check[]> {
  try {
    const token = await readSecret('VIGIL_SLACK_TOKEN_FILE', slack.token, slack.tokenFile);
    const { signingSecret: given, signingSecretFile } = slack;
    const secret = await readSecret('VIGIL_SLACK_SIGNING_SECRET_FILE', given, signingSecretFile);
    if (token === null && secret === null) return [];
    if (token === null) return [fail('slack', 'no token: nobody is paged by Slack', 'Set VIGIL_SLACK_TOKEN_FILE.')];
    const buttons = warn(
      'slack buttons',
      'no signing secret: the buttons of messages do nothing',
      'Set VIGIL_SLACK_SIGNING_SECRET_FILE.',
    );
    const api = createSlackApi({
      token: token.reveal(),
      guard: createSsrfGuard({ allowList: outgoing.allow }),
      apiUrl: slack.apiUrl,
      timeoutMs: answerWithinMs,
    });
    const answer = await api.whoAmI();
    await api.close();
    const access = answer.ok
      ? ok('slack', `${answer.user} in ${answer.team}`)
      : fail(
          'slack',
          `it does not let Vigil in: ${answer.failure.code}`,
          'See the token, and whether the app is installed.',
        );
    return [access, ...(secret === null ? [buttons] : [])];
  } catch (error) {
    if (error instanceof ConfigurationError) return [fail('slack', error.problems.join('; '), 'Correct the variable.')];
    throw error;
  }
}
