import { describe, expect, it } from 'vitest';
import { capabilities } from './capabilities.ts';
import {
  applies,
  catalogueOf,
  catalogueVersion,
  isBlocking,
  isReportable,
  isWaivable,
  measuredProbes,
} from './catalogue.ts';
import type { Requirement } from './catalogue.ts';
import { tiers } from './tier.ts';
import type { Tier } from './tier.ts';

const catalogue = catalogueOf(catalogueVersion);
const row = (id: string): Requirement => {
  const found = catalogue.find((requirement) => requirement.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

const initials = {
  launch_owner: 'LO',
  protection_scientist: 'PS',
  policy: 'POL',
  ops_lead: 'OPS',
  investigator: 'INV',
  data_engineer: 'DE',
  engineer: 'ENG',
  legal: 'LEG',
  oncall_manager: 'OC',
  executive: 'EX',
} as const;

const blockText: Record<string, string> = { T0T1T2T3: 'all', T0T1T2: 'T0-T2', T0T1: 'T0-T1' };

/** The catalogue as its source table writes it. */
const line = ({ id, verify, owner, blocks, dueDays, unwaivableIn }: Requirement): string => {
  const kinds = [verify.probe === null ? '' : 'P', verify.evidence ? 'E' : '', verify.signOff === null ? '' : 'S'];
  const star = unwaivableIn.length === 4 ? ' *' : unwaivableIn.length === 0 ? '' : ` *${unwaivableIn.join('/')}`;
  return `${id} ${kinds.filter((kind) => kind !== '').join('+')} ${initials[owner]} ${blockText[blocks.join('')]} ${dueDays}${star}`;
};

describe('catalogue v1', () => {
  it('has its 45 requirements, each with verification, owner, blocking tiers, due days and what cannot be waived', () => {
    expect(catalogue.map(line).sort()).toEqual(
      [
        'SC-01 P LO all 45',
        'SC-02 E+S PS T0-T2 35',
        'SC-03 P PS all 21',
        'SC-04 E+S POL T0-T2 30',
        'SC-05 S LEG T0-T1 30',
        'SC-06 P LO all 30',
        'DA-01 P DE all 28',
        'DA-02 P DE all 14',
        'DA-03 P DE T0-T2 14',
        'DA-04 E+S DE T0-T1 21',
        'DA-05 P+E DE all 14 *',
        'DA-06 P DE T0-T1 10',
        'DT-01 P+S PS T0-T2 21',
        'DT-02 P PS all 14',
        'DT-03 P PS T0-T1 7',
        'DT-04 P PS T0-T2 7',
        'DT-05 P PS T0-T1 7',
        'DT-06 P ENG all 14 *',
        'DT-07 E PS T0-T1 10',
        'DT-08 E INV T0-T1 10',
        'DT-09 P PS all 7',
        'CP-01 P+E ENG all 14',
        'CP-02 P+E ENG all 14',
        'CP-03 P ENG all 14',
        'CP-04 P+E ENG all 14',
        'CP-05 P ENG T0-T2 10',
        'CP-06 P+E ENG all 14',
        'CP-07 P+E ENG all 14',
        'CP-08 P ENG T0-T2 10',
        'CP-09 P+S PS all 21 *',
        'CP-10 P ENG T0-T2 10',
        'RE-01 P OPS T0-T2 10',
        'RE-02 P OPS all 7',
        'RE-03 P+E OPS T0-T2 7',
        'RE-04 P ENG all 7',
        'RE-05 E+S POL T0-T2 14',
        'RE-06 P+S LEG all 14 *',
        'RE-07 P OPS all 7',
        'RS-01 P ENG all 7 *T0/T1',
        'RS-02 P+E OC T0-T2 10',
        'RS-03 P OC all 7',
        'RS-04 P PS T0-T2 3',
        'RS-05 P OC all 7',
        'RS-06 E INV T0-T1 10',
        'GV-01 P+S LO all 3',
      ].sort(),
    );
  });

  it.each([
    ['SC-02', 'protection_scientist'],
    ['SC-04', 'policy'],
    ['SC-05', 'legal'],
    ['DA-04', 'legal'],
    ['DT-01', 'protection_scientist'],
    ['CP-09', 'policy'],
    ['RE-05', 'legal'],
    ['RE-06', 'legal'],
    ['GV-01', 'protection_scientist'],
  ])('%s is signed by %s', (id, role) => {
    expect(row(id).verify.signOff).toBe(role);
  });

  it.each([
    ['DT-06', ['image', 'video', 'file']],
    ['CP-01', ['image', 'video']],
    ['CP-02', ['voice']],
    ['CP-03', ['file']],
    ['CP-04', ['agents', 'tools']],
    ['CP-05', ['browsing']],
    ['CP-06', ['api']],
    ['CP-07', ['fine_tuning']],
    ['CP-08', ['memory']],
    ['CP-09', ['minors']],
    ['CP-10', ['code']],
    ['RE-06', ['image', 'video', 'file', 'chat', 'minors']],
  ])('%s applies with any of %j, and with nothing else', (id, wanted) => {
    for (const capability of capabilities) {
      expect(applies(row(id), [capability]), capability).toBe(wanted.includes(capability));
    }
    expect(applies(row(id), [])).toBe(false);
  });

  it('verifies every requirement somehow, and never on nothing', () => {
    for (const { id, verify, blocks } of catalogue) {
      expect(verify.probe !== null || verify.evidence || verify.signOff !== null, id).toBe(true);
      expect(blocks, id).toContain('T0');
      for (const tier of tiers) {
        expect(verify.probe?.measure.minPopulation[tier] ?? 1, id).toBeGreaterThanOrEqual(1);
        expect(verify.probe?.measure.validForMs[tier] ?? 1, id).toBeGreaterThan(0);
      }
    }
  });

  it('names every measurement once, and only real ones as measured by Vigil', () => {
    const names = catalogue.flatMap(({ verify }) => (verify.probe === null ? [] : [verify.probe.name]));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([...measuredProbes]));
  });

  it('takes results from outside for every probe but the one about its own form', () => {
    const closed = catalogue.filter(({ verify }) => verify.probe !== null).filter((entry) => !isReportable(entry));
    expect(closed.map(({ id }) => id)).toEqual(['SC-01']);
    expect(isReportable(row('DT-07'))).toBe(false);
  });

  it('lets the kill switch be waived below T1 only', () => {
    expect(tiers.filter((tier) => isWaivable(row('RS-01'), tier))).toEqual(['T2', 'T3']);
  });

  it.each<[Tier, number]>([
    ['T0', 45],
    ['T1', 45],
    ['T2', 37],
    ['T3', 24],
  ])('%s is blocked by %i of all 45', (tier, count) => {
    expect(catalogue.filter((requirement) => isBlocking(requirement, tier))).toHaveLength(count);
  });

  it('refuses a version that does not exist, rather than a launch without requirements', () => {
    expect(() => catalogueOf('v0')).toThrow(RangeError);
  });
});
