/** How a run is made: what chance follows from, and how large it is. */
export interface Run {
  readonly seed: number;
  /** 1 for figures to publish; less to see within minutes that a scenario works. */
  readonly scale: number;
}

/** So many of a full run's `whole`, and never fewer than `least`. */
export const scaled = ({ scale }: Run, whole: number, least = 1): number =>
  Math.max(Math.min(least, whole), Math.round(whole * scale));
