import type { Project } from '../repositories/record.ts';
export const projectCanary: Project = async () => {};
