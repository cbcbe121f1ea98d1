import type { SlackApi } from './slack-api.ts';
import { fromRef, openUrlOf } from './slack-channel.ts';
import { statusText } from './slack-message.ts';
import type { StatusMirror } from './status-mirror.ts';

/** Keeps the Slack messages of an escalation true: who has it, that it is over, and buttons only while they act. */
export function createSlackMirror({ api, publicUrl }: { api: SlackApi; publicUrl: string | null }): StatusMirror {
  return {
    kind: 'chat',
    async show(status, { target, page }) {
      const message = fromRef(target);
      if (message === null || page === null) return { outcome: 'failed_permanent', code: 'no_such_message' };
      const text = statusText({ status, ...page }, openUrlOf(publicUrl, status.escalationId));
      const answer = await api.update(message.channel, message.ts, text);
      if (answer.ok) return { outcome: 'shown' };
      const { failure } = answer;
      if (failure.kind === 'permanent') return { outcome: 'failed_permanent', code: failure.code };
      // Somebody may mend the app meanwhile.
      const retryAfterMs = failure.kind === 'transient' ? failure.retryAfterMs : null;
      return { outcome: 'failed_transient', code: failure.code, retryAfterMs };
    },
  };
}
