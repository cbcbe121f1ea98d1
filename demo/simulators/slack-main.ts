import { requireSecret, runSimulator } from './run-simulator.ts';
import { createSlack } from './slack.ts';

/** The secret file holds what the app's calls carry and, on a second line, what signs Slack's own. */
await runSimulator((settings) => {
  const [token = '', signingSecret = token] = requireSecret(settings).split('\n');
  return createSlack({ token, signingSecret, logFile: settings.logFile });
});
