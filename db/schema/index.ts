export * from './principals.ts';
export * from './launches.ts';
export * from './detection.ts';
export * from './review.ts';
export * from './enforcement.ts';
export * from './escalation.ts';
export * from './commands.ts';
export * from './audit.ts';
