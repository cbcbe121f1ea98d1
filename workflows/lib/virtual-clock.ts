import * as wf from '@temporalio/workflow';

/** The memo field that holds the instant at which the workflow's time begins. */
export const startMemo = 'virtualStartAt';

/** Time may pass up to this instant, and messages that come next come at it. */
export const passTime = wf.defineSignal<[untilAt: number]>('passTime');

/**
 * Interceptors that give an unchanged workflow a time of its own: it begins at the memo's instant, and moves only by the
 * workflow's timers and by `passTime`, never by how long work takes. Between two moments activities run one after the
 * other, so the same plan leads to the same times on any machine.
 *
 * For simulations and stories, in a bundle of their own. The timers are real: the server must skip time for the workflow.
 */
export const interceptors: wf.WorkflowInterceptorsFactory = () => {
  let now = 0;
  let untilAt = 0;
  let busy: Promise<void> = Promise.resolve();
  globalThis.Date = class extends Date {
    static override now = (): number => now;
  } as DateConstructor;

  return {
    inbound: [
      {
        execute(input, next) {
          now = Number(wf.workflowInfo().memo?.[startMemo]);
          untilAt = Math.max(untilAt, now);
          wf.setHandler(passTime, (at) => {
            untilAt = Math.max(untilAt, at);
          });
          return next(input);
        },
        // A refused update leaves no trace in the history, so it may leave none here.
        validateUpdate(input, next) {
          const before = now;
          now = untilAt;
          try {
            next(input);
          } finally {
            now = before;
          }
        },
        handleUpdate(input, next) {
          now = untilAt;
          return next(input);
        },
        handleSignal(input, next) {
          if (input.signalName !== passTime.name) now = untilAt;
          return next(input);
        },
      },
    ],
    outbound: [
      {
        async startTimer(input, next) {
          const dueAt = now + input.durationMs;
          await next(input);
          await wf.condition(() => untilAt >= dueAt);
          now = Math.max(now, dueAt);
        },
        async scheduleActivity(input, next) {
          const before = busy;
          const done = Promise.withResolvers<void>();
          busy = done.promise;
          await before;
          try {
            return await next(input);
          } finally {
            done.resolve();
          }
        },
        continueAsNew(input, next) {
          return next({ ...input, options: { ...input.options, memo: { [startMemo]: now } } });
        },
      },
    ],
  };
};
