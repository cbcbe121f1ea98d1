import { heartbeatMutations } from './heartbeats.ts';
import type { Mutation } from './mutate.ts';
import { decisionMutations } from './mutations-decisions.ts';
import { pagingMutations } from './mutations-paging.ts';
import { recordMutations } from './mutations-records.ts';
import { reviewMutations } from './mutations-review.ts';
import { senderMutations } from './senders.ts';

/** Ways to break the world, each of which the checker must name. */
export const mutations: readonly Mutation[] = [
  ...pagingMutations,
  ...reviewMutations,
  ...decisionMutations,
  ...recordMutations,
  ...heartbeatMutations,
  ...senderMutations,
];
