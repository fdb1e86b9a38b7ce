import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { activeJobsQuery } from "../../api/queries";
import { useLive } from "../../live/LiveProvider";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { JOB_ENDED } from "../../words/jobs";
import { count } from "../../words/numbers";
import { JobRow } from "./JobRow";

/** What is being worked on, as it happens. */
export function OngoingPage() {
  const client = useQueryClient();
  const { poll } = useLive();
  const active = useQuery(activeJobsQuery(client, poll));
  const jobs = active.data?.jobs ?? [];
  const open = jobs.filter((job) => !JOB_ENDED.has(job.status));
  const images = open.reduce((sum, job) => sum + job.totalImages - job.completedImages - job.failedImages, 0);

  return (
    <div className="page">
      <title>{open.length ? `(${open.length}) Ongoing · Darkroom` : "Ongoing · Darkroom"}</title>
      <header className="page-head">
        <h1>Ongoing</h1>
        <p className="quiet" role="status">
          {open.length ? `${count(open.length, "job")}, ${count(images, "image")} to go${active.data?.nextCursor ? ", the newest 100 shown" : ""}` : " "}
        </p>
      </header>
      {active.isPending ? (
        <Loading what="jobs">
          <div className="job-rows">
            {times(3, (place) => (
              <Bone kind="job" key={place} />
            ))}
          </div>
        </Loading>
      ) : null}
      {active.isError && !active.data ? (
        <Trouble error={active.error} retry={() => void active.refetch()} still="What was sent goes on without this page." />
      ) : null}
      {active.data && jobs.length === 0 ? (
        <Empty title="Nothing is being worked on">
          <p>
            <Link className="button button-primary" to="/optimise">
              Optimise some images
            </Link>
          </p>
        </Empty>
      ) : null}
      {jobs.length ? (
        <ul className="job-rows">
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}
