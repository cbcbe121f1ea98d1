import { createPhones } from './phones.ts';
import { requireSecret, runSimulator } from './run-simulator.ts';

await runSimulator((settings) => createPhones({ secret: requireSecret(settings), logFile: settings.logFile }));
