import { useQueryClient } from "@tanstack/react-query";
import { cancelJob } from "../../api/orders";
import { keys } from "../../api/queries";
import type { Item, Job, JobDetail, JobPage } from "../../api/types";
import { forwardJob } from "../../live/merge";
import { Confirm } from "../../parts/Confirm";
import { cancelWords } from "../../words/jobs";

/** Stops a job, after saying what that does. The job's end comes as news, like any other. */
export function CancelJob({ job, items, small = false }: { job: Job; items: readonly Item[]; small?: boolean }) {
  const client = useQueryClient();
  const act = async () => {
    const told = await cancelJob(job.id);
    client.setQueryData<JobDetail>(keys.job(job.id), (known) => known && { ...known, job: forwardJob(known.job, told) });
    client.setQueryData<JobPage>(
      keys.active,
      (known) => known && { ...known, jobs: known.jobs.map((one) => (one.id === told.id ? forwardJob(one, told) : one)) },
    );
    void client.invalidateQueries({ queryKey: keys.job(job.id) });
  };
  return (
    <Confirm
      ask="Cancel"
      askLabel={`Cancel ${job.productName}`}
      askClass={small ? "button button-small" : "button"}
      title={`Cancel ${job.productName}?`}
      act="Cancel the job"
      keep="Keep it going"
      onAct={act}
    >
      <p>{cancelWords(job, items) || "What has not been started is not started any more, and its credits come back."}</p>
    </Confirm>
  );
}
