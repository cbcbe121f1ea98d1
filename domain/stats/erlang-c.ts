/** What a queue of reviewers does in a steady hour. */
export interface Staffing {
  readonly reviewers: number;
  /** Share of the reviewers' time that is spent reviewing. At 1 or more the queue grows without end. */
  readonly occupancy: number;
  /** Chance that a task has to wait at all. */
  readonly waitProbability: number;
  readonly meanWaitMinutes: number;
}

/**
 * The Erlang C model of a review queue: tasks per hour, minutes of work per task, reviewers at work.
 *
 * Assumes steady arrivals and that nobody gives up, so ask it per hour of the week and add shrinkage yourself. An
 * overloaded queue has a wait probability of 1 and no mean wait: Infinity. Fails with a RangeError on input that is not
 * positive, or reviewers that are not a whole number.
 */
export function erlangC(tasksPerHour: number, minutesPerTask: number, reviewers: number): Staffing {
  if (!(tasksPerHour > 0 && minutesPerTask > 0))
    throw new RangeError('tasksPerHour and minutesPerTask must be positive');
  if (!Number.isInteger(reviewers) || reviewers < 1) throw new RangeError('reviewers must be a whole number above 0');
  const load = (tasksPerHour * minutesPerTask) / 60;
  const occupancy = load / reviewers;
  if (occupancy >= 1) return { reviewers, occupancy, waitProbability: 1, meanWaitMinutes: Number.POSITIVE_INFINITY };
  // Erlang B by its recurrence, which never overflows, then C from B.
  let blocked = 1;
  for (let n = 1; n <= reviewers; n++) blocked = (load * blocked) / (n + load * blocked);
  const waitProbability = blocked / (1 - occupancy * (1 - blocked));
  return {
    reviewers,
    occupancy,
    waitProbability,
    meanWaitMinutes: (waitProbability * minutesPerTask) / (reviewers - load),
  };
}

/** The share of tasks that a reviewer takes up within `minutes`. 0 for an overloaded queue. */
export function servedWithin(staffing: Staffing, minutesPerTask: number, minutes: number): number {
  if (staffing.occupancy >= 1) return 0;
  const free = staffing.reviewers * (1 - staffing.occupancy);
  return 1 - staffing.waitProbability * Math.exp((-free * minutes) / minutesPerTask);
}
