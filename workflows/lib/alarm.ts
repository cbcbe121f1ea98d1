import * as wf from '@temporalio/workflow';

/** One timer, set anew only when its time changes: a timer that starts and is cancelled costs the server as much as a task. */
export class Alarm {
  hasRung = false;
  private due: number | null = null;
  private scope: wf.CancellationScope | null = null;

  /** It rings after `wait` milliseconds, unless it is set to another time before. `due` is that instant, and its name. */
  set(due: number, wait: number): void {
    if (this.due === due && !this.hasRung) return;
    this.clear();
    this.due = due;
    this.scope = new wf.CancellationScope();
    void this.ringAfter(wait, this.scope);
  }

  clear(): void {
    if (!this.hasRung) this.scope?.cancel();
    this.hasRung = false;
    this.due = null;
    this.scope = null;
  }

  private async ringAfter(wait: number, scope: wf.CancellationScope): Promise<void> {
    try {
      await scope.run(() => wf.sleep(wait));
    } catch (error) {
      if (wf.isCancellation(error)) return;
      throw error;
    }
    if (this.scope === scope) this.hasRung = true;
  }
}
