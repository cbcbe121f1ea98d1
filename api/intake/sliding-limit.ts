import { secondMs } from '#domain/time.ts';

const windowSeconds = 60;

/** So many a sender in any 60 seconds, to the second. Only what is let in counts. */
export interface SlidingLimit {
  /** Counts one and returns 0, or counts nothing and returns after how many seconds there is room again. */
  take(sender: string, now: number): number;
}

interface Window {
  /** What was let in, by second: the second's number modulo the length of the window. */
  readonly counts: Uint32Array;
  lastSecond: number;
  total: number;
}

/** A limit of this process. It remembers each sender that ever came: those are known, so they are few. */
export function createSlidingLimit(most: number): SlidingLimit {
  const windows = new Map<string, Window>();
  return {
    take(sender, now) {
      const second = Math.floor(now / secondMs);
      let window = windows.get(sender);
      if (window === undefined) {
        window = { counts: new Uint32Array(windowSeconds), lastSecond: second, total: 0 };
        windows.set(sender, window);
      }
      moveTo(window, second);
      if (window.total >= most) return secondsUntilRoom(window);
      window.counts[window.lastSecond % windowSeconds] = countAt(window, window.lastSecond) + 1;
      window.total += 1;
      return 0;
    },
  };
}

const countAt = ({ counts }: Window, second: number): number => counts[second % windowSeconds] ?? 0;

/** Forgets what is older than the window. A clock that was set back stands until it has caught up. */
function moveTo(window: Window, second: number): void {
  const steps = Math.min(second - window.lastSecond, windowSeconds);
  for (let step = 1; step <= steps; step++) {
    window.total -= countAt(window, window.lastSecond + step);
    window.counts[(window.lastSecond + step) % windowSeconds] = 0;
  }
  window.lastSecond = Math.max(window.lastSecond, second);
}

function secondsUntilRoom(window: Window): number {
  for (let wait = 1; wait < windowSeconds; wait++) if (countAt(window, window.lastSecond + wait) > 0) return wait;
  return windowSeconds;
}
