/** The prefix of every id: what an id is can be read from it, in a log or on a phone. */
export const idPrefixes = {
  person: 'per',
  service: 'svc',
  team: 'tea',
  token: 'tok',
  product: 'prd',
  launch: 'lch',
  evidence: 'evi',
  signOff: 'sgn',
  waiver: 'wvr',
  checkRun: 'chk',
  detector: 'det',
  detectorVersion: 'dtv',
  productEvent: 'evt',
  contentItem: 'con',
  signal: 'sig',
  case: 'cse',
  reviewQueue: 'que',
  reviewTask: 'rtk',
  decision: 'dec',
  policy: 'pol',
  policyVersion: 'plv',
  enforcement: 'enf',
  enforcementAction: 'act',
  strike: 'stk',
  notice: 'ntc',
  integration: 'int',
  alertEvent: 'alr',
  escalation: 'esc',
  escalationPolicy: 'epo',
  escalationPolicyVersion: 'epv',
  schedule: 'sch',
  override: 'ovr',
  temporarySchedule: 'tmp',
  mark: 'mrk',
  swapRequest: 'swp',
  calendarFeed: 'cal',
  handoverNote: 'hon',
  oncallNotice: 'ocn',
  contactMethod: 'cmt',
  notificationRule: 'nrl',
  delivery: 'dlv',
  canary: 'can',
  command: 'cmd',
  auditEvent: 'aud',
  note: 'not',
  maintenanceWindow: 'mnt',
  exposure: 'exp',
  killSwitch: 'kil',
  roleGrant: 'grt',
  suggestion: 'sug',
  attempt: 'atm',
  statement: 'sor',
  integrationKey: 'ink',
  suppressionRule: 'spr',
  changeEvent: 'chg',
  heartbeat: 'hbm',
  pageLink: 'pgl',
} as const;
export type IdKind = keyof typeof idPrefixes;

const idBody = /^[0-9a-f]{32}$/;

/** True for an id of that kind: its prefix, an underscore and a UUID (version 7) without dashes. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = idPrefixes[kind];
  return text.startsWith(`${prefix}_`) && idBody.test(text.slice(prefix.length + 1));
}

/** The aggregates that live as workflows and have an audit chain of transitions. */
export const aggregateKinds = ['launch', 'case', 'enforcement', 'escalation', 'canary', 'heartbeat'] as const;
export type AggregateKind = (typeof aggregateKinds)[number];
