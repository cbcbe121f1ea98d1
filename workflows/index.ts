export { escalationLadder } from './escalation-ladder.ts';
