import { createPlatform } from './platform.ts';
import { requireSecret, runSimulator } from './run-simulator.ts';

await runSimulator((settings) => createPlatform({ secret: requireSecret(settings), logFile: settings.logFile }));
