import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { Problem } from "../../api/http";
import { picturesAddress } from "../../api/orders";
import { jobQuery } from "../../api/queries";
import type { JobDetail } from "../../api/types";
import { useLive } from "../../live/LiveProvider";
import { Bar } from "../../parts/Bar";
import { Icon } from "../../parts/Icon";
import { ManyGrid } from "../../parts/ManyGrid";
import { useNow } from "../../parts/now";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { When } from "../../parts/When";
import { JOB_ENDED, jobWords, whyWaiting } from "../../words/jobs";
import { CompareDialog } from "../completed/CompareDialog";
import { TryAgain } from "../completed/TryAgain";
import { CancelJob } from "./CancelJob";
import { ItemTile } from "./ItemTile";

const ITEM_TILE_PX = 160;
const ITEM_GAP_PX = 16;
const ITEM_WORDS_PX = 72;

/** One job: every image with its state, its result in place as soon as it is there. */
export function JobPage() {
  const { jobId } = useParams();
  const id = Number(jobId);
  const client = useQueryClient();
  const { poll } = useLive();
  const found = useQuery({ ...jobQuery(client, id, poll, { watchPlaces: true }), enabled: Number.isSafeInteger(id) && id > 0 });
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
  const [address, setAddress] = useSearchParams();
  const words = jobWords(job, now, items);
  const ended = JOB_ENDED.has(job.status);
  const waits = ended ? undefined : whyWaiting(items);
  const openId = Number(address.get("image"));
  const open = useCallback((itemId: number) => setAddress({ image: String(itemId) }, { replace: true }), [setAddress]);
  const shut = () => setAddress({}, { replace: true });

  return (
    <>
      <header className="page-head">
        <h1>{job.productName}</h1>
        <p className="quiet">
          Sent <When at={job.createdAt} />
        </p>
        <div className="head-actions">
          {job.completedImages > 0 ? (
            <a className="button" href={picturesAddress(job.id)} download>
              <Icon name="download" /> Download {ended ? "all" : `the ${job.completedImages} done`}
            </a>
          ) : null}
          {ended ? (
            <Link to="/completed" className="button">
              See all completed
            </Link>
          ) : (
            <CancelJob job={job} items={items} />
          )}
        </div>
      </header>
      <section className="job-progress" aria-label="Progress">
        <Bar label={`Progress of ${job.productName}`} words={words} done={job.completedImages} failed={job.failedImages} total={job.totalImages} />
        <p className="job-words figures" role="status">
          {words}
        </p>
        {waits ? <p className="quiet">{waits}</p> : null}
        {job.retryOf ? (
          <p className="quiet">
            These images could not be done in <Link to={`/ongoing/${job.retryOf}`}>an earlier job</Link>.
          </p>
        ) : null}
        {job.error && job.error !== "insufficient-credits" ? <p className="quiet">{job.error}</p> : null}
      </section>
      {ended && job.failedImages > 0 ? <TryAgain detail={detail} /> : null}
      <ManyGrid label={`Images of ${job.productName}`} className="item-grid" count={items.length} tile={ITEM_TILE_PX} gap={ITEM_GAP_PX} below={ITEM_WORDS_PX}>
        {(index, placing) => {
          const item = items[index];
          return item ? <ItemTile key={item.id} item={item} place={index + 1} productName={job.productName} placing={placing} onOpen={open} /> : null;
        }}
      </ManyGrid>
      <CompareDialog
        detail={detail}
        itemId={openId}
        onItem={open}
        onClose={shut}
      />
    </>
  );
}
