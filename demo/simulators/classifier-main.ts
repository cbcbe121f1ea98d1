import { createClassifier } from './classifier.ts';
import { loadModel } from './load-model.ts';
import { runSimulator } from './run-simulator.ts';

await runSimulator(async (settings) => createClassifier({ model: await loadModel(), logFile: settings.logFile }));
