/**
 * The schedule document: who is on call, as data.
 *
 * Clock times are local text in a named zone and mean what the wall clock there shows; instants are epoch milliseconds.
 * Every period is half-open: its start is in it, its end is not.
 *
 * Who is on call at an instant, in this order:
 * 1. A temporary schedule, where there is one, decides alone.
 * 2. Else each layer, from the last to the first, is asked for the person of its turn; overrides exchange, take off or add
 *    people; whoever is marked unavailable drops out. The first layer that then has somebody decides, so a layer whose
 *    person is taken off gives way to the one below it.
 * 3. Additions for the whole schedule join in any case.
 * Nobody is an answer too.
 */
export type PersonId = string;

/** `2026-01-05T09:00`: what the wall clock shows, to the minute. */
export type LocalDateTime = string;

/** `09:00`: 00:00 to 23:59. */
export type ClockTime = string;

/** ISO 8601: 1 is Monday, 7 is Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export type RotationUnit = 'hour' | 'day' | 'week' | 'month';

/**
 * How long a turn lasts. A `pattern` gives the lengths of successive turns, again and again: `{ unit: 'day', lengths: [4, 3] }`
 * with participants A, B gives A Monday to Thursday and B Friday to Sunday; with A, B, B, A they alternate.
 */
export type Rotation =
  | { readonly kind: 'hourly' | 'daily' | 'weekly' | 'monthly' }
  | { readonly kind: 'custom'; readonly unit: RotationUnit; readonly every: number }
  | { readonly kind: 'pattern'; readonly unit: RotationUnit; readonly lengths: readonly number[] };

/** Open on each of the days from `startTime` to the next `endTime`; the same time twice means 24 hours. */
interface DailyWindow {
  readonly days: readonly Weekday[];
  readonly startTime: ClockTime;
  readonly endTime: ClockTime;
}

/** Open once a week, as from Friday 20:00 to Monday 08:00. */
interface WeeklyWindow {
  readonly startDay: Weekday;
  readonly startTime: ClockTime;
  readonly endDay: Weekday;
  readonly endTime: ClockTime;
}

export type Window = DailyWindow | WeeklyWindow;

export interface Layer {
  readonly id: string;
  /** Own zone of this layer's clock times (follow-the-sun); the schedule's zone when absent. */
  readonly zone?: string;
  readonly rotation: Rotation;
  /** The first turn starts here; before it the layer has nobody. */
  readonly start: LocalDateTime;
  /** The layer has nobody from here on. */
  readonly end?: LocalDateTime;
  /**
   * When turns change hands; the clock time of `start` when absent. Hand-offs are counted from this time on the date of
   * `start`, and the first is the first of them after `start`: a `start` at another time makes a short first turn.
   */
  readonly handOffTime?: ClockTime;
  /** Take turns in this order; `null` is a turn of nobody (a buffer week). A person may stand in it more than once. */
  readonly participants: readonly (PersonId | null)[];
  /**
   * When the layer is open; always when absent or empty. Turns that lie wholly outside are not counted, so in a daily
   * rotation over weekdays nobody's turn is lost to a Saturday.
   */
  readonly windows?: readonly Window[];
}

interface OverrideBase {
  readonly id: string;
  /** The one layer it concerns, or null for the whole schedule. */
  readonly layerId: string | null;
  readonly startAt: number;
  readonly endAt: number;
}

/** `personId` is whom the override is about: who is added, taken off, or relieved by `byPersonId`. */
export type Override =
  | (OverrideBase & { readonly kind: 'add' | 'remove'; readonly personId: PersonId })
  | (OverrideBase & { readonly kind: 'replace'; readonly personId: PersonId; readonly byPersonId: PersonId });

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** An override that has no id yet: the shell names it when it writes it. */
export type OverrideDraft = WithoutId<Override>;

interface TemporaryShift {
  readonly personId: PersonId;
  readonly startAt: number;
  readonly endAt: number;
}

/** Takes the place of layers and overrides from `startAt` to `endAt`: where none of its shifts is, nobody is on call. */
export interface TemporarySchedule {
  readonly id: string;
  readonly startAt: number;
  readonly endAt: number;
  readonly shifts: readonly TemporaryShift[];
}

/**
 * What is said about a person for a time. `shadow`: follows along, is paged, and cannot stop the ladder. `unavailable`:
 * never on call and never a shadow, whatever else names the person.
 */
export interface Mark {
  readonly id: string;
  readonly kind: 'shadow' | 'unavailable';
  readonly personId: PersonId;
  readonly startAt: number;
  readonly endAt: number;
}

export interface Schedule {
  readonly id: string;
  /** Of the document, raised by each change: a page names the version that chose its person. */
  readonly version: number;
  readonly zone: string;
  /** Later layers beat earlier ones: the last layer that has somebody decides. */
  readonly layers: readonly Layer[];
  readonly overrides: readonly Override[];
  readonly temporarySchedules: readonly TemporarySchedule[];
  readonly marks: readonly Mark[];
}

export interface Period {
  readonly startAt: number;
  readonly endAt: number;
}

export interface Shift extends Period {
  readonly personId: PersonId;
}

export const covers = (period: Period, at: number): boolean => period.startAt <= at && at < period.endAt;

export const overlap = (a: Period, b: Period): boolean => a.startAt < b.endAt && b.startAt < a.endAt;

/** Everybody who takes turns in the schedule, in the order in which layers name them: whom a round robin goes through. */
export const membersOf = (schedule: Schedule): PersonId[] => [
  ...new Set(schedule.layers.flatMap((layer) => layer.participants.filter((participant) => participant !== null))),
];

/** Who has that turn of a round robin over the members; turns count from 1. Null when there are no members. */
export const memberOfTurn = (members: readonly PersonId[], turn: number): PersonId | null =>
  members[(turn - 1) % members.length] ?? null;

/** Everybody whom the schedule can put on call or have shadow, each once. */
export const namedPersons = ({
  layers,
  overrides,
  temporarySchedules,
  marks,
}: Omit<Schedule, 'id' | 'version'>): PersonId[] => [
  ...new Set([
    ...layers.flatMap(({ participants }) => participants.filter((participant) => participant !== null)),
    ...overrides.flatMap((one) => (one.kind === 'replace' ? [one.personId, one.byPersonId] : [one.personId])),
    ...temporarySchedules.flatMap(({ shifts }) => shifts.map(({ personId }) => personId)),
    ...marks.map(({ personId }) => personId),
  ]),
];
