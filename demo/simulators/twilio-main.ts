import { requireSecret, runSimulator } from './run-simulator.ts';
import { createTwilioSimulator } from './twilio.ts';

/** The secret file has three lines: account SID, auth token, and the address of the API's webhook for text messages. */
await runSimulator((settings) => {
  const [accountSid = '', authToken = '', smsUrl] = requireSecret(settings).split('\n');
  return createTwilioSimulator({
    accountSid,
    authToken,
    logFile: settings.logFile,
    ...(smsUrl === undefined ? {} : { smsUrl }),
  });
});
