import type { Project } from '../repositories/record.ts';
export const projectLaunch: Project = async () => {};
