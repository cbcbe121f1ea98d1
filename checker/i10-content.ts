import type { Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { secretShapes } from './scan.ts';

const needs = ['recorded documents', 'rows searched', 'log lines searched'];

/** I10: no secret and no content of users in the audit trail, in commands (which become histories), or in logs. */
export const nothingLeaks: PromiseCheck = {
  promise: 'I10',
  title: 'no secret and no user content in logs, histories and the audit trail',
  needs,
  check(facts) {
    const found = new Findings('I10', needs);
    checkDocuments(facts, found);
    for (const { where, scanned, hits } of facts.scans) {
      found.saw(where.startsWith('log ') ? 'log lines searched' : 'rows searched', scanned);
      for (const { what, count } of hits) found.breach(where, `${what} occurs ${count} times`);
    }
    return found;
  },
};

/**
 * States, events and messages hold ids, hashes, numbers and short codes: one word each. Text with spaces, addresses of
 * people and anything that is shaped like a secret has no place in them, whoever wrote it.
 */
function checkDocuments(facts: Facts, found: Findings): void {
  for (const { kind, id, events } of facts.chains) {
    for (const event of events) {
      found.saw('recorded documents');
      // Answers to refused requests name what was wrong in the product's own words.
      const rule = event.version === null ? secretProblem : textProblem;
      const where = `${kind} ${id}`;
      report(where, `event ${event.seq}`, firstProblem(event.data, rule), event.at);
    }
  }
  for (const command of facts.commands) {
    found.saw('recorded documents');
    report(`command ${command.id}`, 'its input', firstProblem(command.input, textProblem), command.created_at);
  }

  function report(where: string, what: string, problem: string | null, at: number): void {
    if (problem !== null) found.breach(where, `${what} holds ${problem}`, at);
  }
}

/** Longer than any id, hash, key or code. */
const longestWord = 300;

function textProblem(text: string): string | null {
  if (/\s/u.test(text)) return 'text';
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(text)) return 'an address of a person';
  if (text.length > longestWord) return 'a long text';
  return secretProblem(text);
}

const secretProblem = (text: string): string | null =>
  secretShapes.some((shape) => shape.test(text)) ? 'something shaped like a secret' : null;

/** The first problem among all strings of a document, with the way to it; null when there is none. */
function firstProblem(value: unknown, problemOf: (text: string) => string | null, path = ''): string | null {
  if (typeof value === 'string') {
    const problem = problemOf(value);
    return problem === null ? null : `${problem} at ${path === '' ? '/' : path}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, entry] of Object.entries(value)) {
    const problem = firstProblem(entry, problemOf, `${path}/${key}`);
    if (problem !== null) return problem;
  }
  return null;
}
