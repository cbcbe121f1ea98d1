import type { ReadinessView, RequirementRow, SignOffRow } from '#domain/launch/view.ts';
import type { Column, Output, Style } from './output.ts';
import { shortEvidence } from './sign-off.ts';
import type { EvidenceSet } from './sign-off.ts';
import { lasting, when } from './text.ts';

/** The readiness page as the API answers it. */
export type Readiness = ReadinessView & { readonly evidenceSet: EvidenceSet };
type NameOf = (id: string) => string;

const styles: Readonly<Record<string, Style>> = {
  pass: 'good',
  approved: 'good',
  waived: 'warn',
  warn: 'warn',
  stale: 'warn',
  not_applicable: 'dim',
};
const styleOf = (state: string): Style => styles[state] ?? 'bad';
const say = (code: string): string => code.replaceAll('_', ' ');

export const peopleIn = (view: Readiness): string[] => [...new Set(JSON.stringify(view).match(/per_[0-9a-f]{32}/g))];

/** The readiness page for people: whether the next stage would open, and if not, everything that stands against it. */
export function readinessText(view: Readiness, output: Output, nameOf: NameOf, all: boolean): string {
  const sections: (readonly [string, string])[] = [['', headline(view, output)]];
  sections.push(['what blocks', blockers(view, output, nameOf)]);
  if (view.holds && Object.keys(view.holds).length > 0) sections.push(['holds', holds(view, output, nameOf)]);
  const shown = view.requirements.filter(({ blocking }) => all || blocking);
  sections.push([all ? 'requirements' : 'blocking requirements', requirements(shown, output, nameOf)]);
  if (view.signOffs.length > 0) sections.push(['sign-offs', signOffs(view.signOffs, output, nameOf)]);
  return sections
    .map(([title, text]) => (title === '' ? text : `${output.paint('bold', title)}\n${text}`))
    .join('\n\n');
}

function headline(view: Readiness, output: Output): string {
  const { gate } = view;
  const next =
    view.nextStage === null
      ? 'the launch is over'
      : `next stage ${String(view.nextStage)}${view.nextStage === 'sustained' ? '' : ' %'}`;
  const verdict = view.ready ? output.paint('good', 'ready') : output.paint('bad', 'not ready');
  return [
    `${verdict}: ${next}`,
    output.fields([
      ['launch', view.launchId],
      ['tier', view.tier],
      ['phase', say(view.phase)],
      ['planned', view.plannedAt === null ? undefined : when(view.plannedAt)],
      [
        'stage',
        view.stage === null
          ? undefined
          : `${view.stage.percent} % since ${when(view.stage.openedAt)}, soaks until ${when(view.stage.soakEndsAt)}`,
      ],
      ['stage waits for', view.stageBlocker === null ? undefined : say(view.stageBlocker.code)],
      ['passed', gate.passed.length],
      ['waived', gate.waived.length === 0 ? undefined : gate.waived.join(', ')],
      ['not applicable', gate.notApplicable.length === 0 ? undefined : gate.notApplicable.join(', ')],
      ['evidence set', shortEvidence(view.evidenceSet)],
    ]),
  ].join('\n');
}

function blockers({ gate }: Readiness, output: Output, nameOf: NameOf): string {
  return output.table(
    gate.blockers,
    [
      { title: 'what', value: ({ requirementId }) => requirementId },
      { title: 'because', value: ({ reason }) => say(reason), style: ({ state }) => styleOf(state) },
      {
        title: 'whose',
        value: ({ ownerRole, ownerPersonId }) =>
          ownerPersonId === null ? `${say(ownerRole)} (nobody yet)` : `${nameOf(ownerPersonId)} (${say(ownerRole)})`,
      },
      { title: 'due', value: ({ dueAt }) => when(dueAt) },
    ],
    'Nothing.',
  );
}

function holds(view: Readiness, output: Output, nameOf: NameOf): string {
  const rows = Object.entries(view.holds);
  return output.table(
    rows,
    [
      { title: 'reason', value: ([reason]) => reason, style: () => 'bad' },
      { title: 'since', value: ([, hold]) => when(hold?.at) },
      { title: 'count', value: ([, hold]) => hold?.count },
      { title: 'about', value: ([, hold]) => hold?.refId },
      { title: 'by', value: ([, hold]) => (hold?.heldBy ? nameOf(hold.heldBy) : 'Vigil') },
    ],
    'None.',
  );
}

function requirements(rows: readonly RequirementRow[], output: Output, nameOf: NameOf): string {
  const columns: readonly Column<RequirementRow>[] = [
    { title: 'id', value: ({ requirementId }) => requirementId },
    { title: 'state', value: ({ state }) => say(state), style: ({ state }) => styleOf(state) },
    { title: 'measured', value: measured },
    { title: 'due', value: ({ dueAt, overdue }) => (overdue ? `${when(dueAt)} !` : when(dueAt)) },
    {
      title: 'whose',
      value: ({ ownerPersonId, ownerRole }) => (ownerPersonId === null ? say(ownerRole) : nameOf(ownerPersonId)),
    },
    { title: 'revision', value: ({ revision }) => revision },
    { title: 'title', value: ({ title }) => title },
  ];
  return output.table(rows, columns, 'None: the intake is not answered.');
}

/** What was seen against what was asked for, among how many, over which time. */
function measured({ result, waiver }: RequirementRow): string {
  const waived = waiver === null ? '' : `waived until ${when(waiver.expiresAt)}`;
  if (result === null) return waived === '' ? '–' : waived;
  const seen = `${result.observed ?? '?'} of ${result.threshold ?? '?'}, n=${result.population}, ${lasting(result.windowMs)}`;
  return waived === '' ? seen : `${seen}; ${waived}`;
}

function signOffs(rows: readonly SignOffRow[], output: Output, nameOf: NameOf): string {
  return output.table(
    rows,
    [
      { title: 'role', value: ({ role }) => say(role) },
      { title: 'state', value: ({ state }) => say(state), style: ({ state }) => styleOf(state) },
      { title: 'asked', value: ({ asked }) => asked },
      { title: 'by', value: ({ given }) => (given === null ? null : nameOf(given.personId)) },
      { title: 'at', value: ({ given }) => when(given?.at) },
    ],
    'None.',
  );
}
