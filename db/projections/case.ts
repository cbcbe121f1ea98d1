import type { Project } from '../repositories/record.ts';
export const projectCase: Project = async () => {};
