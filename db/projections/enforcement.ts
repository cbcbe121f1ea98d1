import type { Project } from '../repositories/record.ts';
export const projectEnforcement: Project = async () => {};
