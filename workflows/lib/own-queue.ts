import * as wf from '@temporalio/workflow';

/**
 * Interceptors that send every activity of a workflow to the workflow's own task queue. For simulations, beside workers
 * that page people: none of those can get a part of it.
 */
export const interceptors: wf.WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) =>
        next({ ...input, options: { ...input.options, taskQueue: wf.workflowInfo().taskQueue } }),
    },
  ],
});
