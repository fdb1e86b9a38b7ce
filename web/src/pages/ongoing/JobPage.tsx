import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { Problem } from "../../api/http";
import { jobQuery, keys } from "../../api/queries";
import type { JobDetail } from "../../api/types";
import { useLive } from "../../live/LiveProvider";
import { Bar } from "../../parts/Bar";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/now";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { When } from "../../parts/When";
import { JOB_ENDED, jobWords } from "../../words/jobs";
import { CompareDialog } from "../completed/CompareDialog";
import { TryAgain } from "../completed/TryAgain";
import { ItemTile } from "./ItemTile";

/** One job: every image with its state, its result in place as soon as it is there. */
export function JobPage() {
  const { jobId } = useParams();
  const id = Number(jobId);
  const client = useQueryClient();
  const { poll } = useLive();
  const found = useQuery({ ...jobQuery(client, id, poll), enabled: Number.isSafeInteger(id) && id > 0 });
  const gone = !(id > 0) || (found.error instanceof Problem && found.error.status === 404);

  return (
    <div className="page">
      <title>{found.data ? `${found.data.job.productName} · Darkroom` : "Job · Darkroom"}</title>
      <Link to="/ongoing" className="back">
        <Icon name="left" /> Ongoing
      </Link>
      {gone ? (
        <Empty title="There is no such job">
          <p>It may belong to another shop.</p>
        </Empty>
      ) : null}
      {found.isPending && !gone ? (
        <Loading what="the job">
          <div className="page-head">
            <Bone kind="title" />
          </div>
          <div className="item-grid">
            {times(4, (place) => (
              <Bone kind="item" key={place} />
            ))}
          </div>
        </Loading>
      ) : null}
      {found.isError && !gone && !found.data ? (
        <Trouble error={found.error} retry={() => void found.refetch()} still="The job goes on without this page." />
      ) : null}
      {found.data ? <JobView detail={found.data} /> : null}
    </div>
  );
}

function JobView({ detail }: { detail: JobDetail }) {
  const { job, items } = detail;
  const now = useNow();
  const client = useQueryClient();
  const [address, setAddress] = useSearchParams();
  const words = jobWords(job, now, items);
  const ended = JOB_ENDED.has(job.status);
  const openId = Number(address.get("image"));
  const shut = () => setAddress({}, { replace: true });

  // The end is told by a frame; once all is in, the answer of the platform itself has the last word.
  const asked = useRef(false);
  useEffect(() => {
    if (ended && !asked.current) {
      asked.current = true;
      void client.invalidateQueries({ queryKey: keys.job(job.id) });
    }
  }, [client, ended, job.id]);

  return (
    <>
      <header className="page-head">
        <h1>{job.productName}</h1>
        <p className="quiet">
          Sent <When at={job.createdAt} />
        </p>
        {ended ? (
          <Link to="/completed" className="button">
            See all completed
          </Link>
        ) : null}
      </header>
      <section className="job-progress" aria-label="Progress">
        <Bar label={`Progress of ${job.productName}`} words={words} done={job.completedImages} failed={job.failedImages} total={job.totalImages} />
        <p className="job-words figures" role="status">
          {words}
        </p>
        {job.error && job.error !== "insufficient-credits" ? <p className="quiet">{job.error}</p> : null}
      </section>
      {ended && job.failedImages > 0 ? <TryAgain detail={detail} /> : null}
      <ul className="item-grid" aria-label={`Images of ${job.productName}`}>
        {items.map((item, place) => (
          <ItemTile key={item.id} item={item} place={place + 1} productName={job.productName} onOpen={() => setAddress({ image: String(item.id) }, { replace: true })} />
        ))}
      </ul>
      <CompareDialog
        detail={detail}
        itemId={openId}
        onItem={(itemId) => setAddress({ image: String(itemId) }, { replace: true })}
        onClose={shut}
      />
    </>
  );
}
