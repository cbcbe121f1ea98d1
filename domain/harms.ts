import type { Severity } from './severity.ts';

/**
 * The harms that products are checked for, each with the severity it is handled at unless a person judges otherwise.
 *
 * The names are Vigil's own. `mlcommons` points to the hazard taxonomy of MLCommons AILuminate (whose S-numbers are
 * categories, not severities); null where it has none.
 */
export const harms = {
  csae: { title: 'Child sexual abuse and exploitation', severity: 1, mlcommons: 'S4' },
  groom: { title: 'Grooming, sextortion, enticement and trafficking of minors', severity: 1, mlcommons: null },
  cbrn: { title: 'Help with chemical, biological, radiological or nuclear weapons', severity: 1, mlcommons: 'S9' },
  'viol-imm': { title: 'Imminent threat to life and mass violence', severity: 1, mlcommons: 'S1' },
  self: { title: 'Suicide, self-harm and eating disorders', severity: 1, mlcommons: 'S11' },
  terr: { title: 'Terrorism and violent extremism', severity: 2, mlcommons: null },
  cyber: { title: 'Malware, intrusion and help with exploits', severity: 2, mlcommons: 'S14' },
  infra: { title: 'Attacks on critical infrastructure and weapons manufacture', severity: 2, mlcommons: null },
  ncii: { title: 'Intimate imagery without consent and sexual deepfakes', severity: 2, mlcommons: 'S3' },
  fraud: { title: 'Scams, impersonation and phishing', severity: 2, mlcommons: 'S2' },
  io: { title: 'Covert influence and coordinated inauthentic behaviour', severity: 2, mlcommons: 'S13' },
  hate: { title: 'Hate, harassment and doxxing', severity: 3, mlcommons: 'S10' },
  priv: { title: 'Surveillance and misuse of personal or biometric data', severity: 3, mlcommons: 'S7' },
  elect: { title: 'Election misinformation and candidate impersonation', severity: 3, mlcommons: 'S13' },
  plat: { title: 'Account farms, resale, cost harvesting and model extraction', severity: 3, mlcommons: null },
  inject: { title: 'Prompt injection, agent hijack and data exfiltration', severity: 2, mlcommons: null },
  sexual: { title: 'Adult sexual content against the rules of the product', severity: 4, mlcommons: 'S12' },
  advice: { title: 'Unqualified high-stakes advice, defamation and infringement', severity: 4, mlcommons: 'S6' },
} as const satisfies Record<string, { title: string; severity: Severity; mlcommons: string | null }>;

export type Harm = keyof typeof harms;

export const harmNames = Object.keys(harms) as readonly Harm[];

export const isHarm = (text: string): text is Harm => Object.hasOwn(harms, text);

/** Harms whose content only sensitive reviewers see, and whose pages carry no content. */
const sensitiveHarms: readonly string[] = ['csae', 'groom', 'ncii', 'terr', 'viol-imm', 'self'] satisfies Harm[];

export const isSensitive = (harm: string): boolean => sensitiveHarms.includes(harm);
