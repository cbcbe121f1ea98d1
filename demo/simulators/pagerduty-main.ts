import { createPagerduty } from './pagerduty.ts';
import { runSimulator } from './run-simulator.ts';

await runSimulator((settings) => createPagerduty({ logFile: settings.logFile }));
