import { describe, expect, it } from 'vitest';
import { roles } from '#domain/actor.ts';
import { validatePolicy } from '#domain/escalation/validate-policy.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import { resolveReferences } from '../setup/document.ts';
import type { Ids, Section } from '../setup/document.ts';
import { devSetup } from './setup.ts';

describe('the development setup', () => {
  const setup = devSetup();

  it('has somebody for each role', () => {
    const held = new Set([...setup.people, ...setup.senders].flatMap((one) => one.roles.map(({ role }) => role)));
    expect([...held].sort()).toEqual(roles.filter((role) => role !== 'admin').sort());
  });

  it('names only what it holds', () => {
    const ids: Ids = Object.fromEntries(
      Object.entries(setup).map(([section, entries]) => [
        section as Section,
        Object.fromEntries(entries.map(({ key }) => [key, `id of ${key}`])),
      ]),
    );
    expect(JSON.stringify(resolveReferences(setup as never, ids))).not.toContain('"@');
  });

  it('has a ladder that is valid', () => {
    for (const { document } of setup.escalationPolicies) {
      expect(validatePolicy(document as unknown as PolicyDocument).map(({ reason }) => reason)).toEqual([]);
    }
  });
});
