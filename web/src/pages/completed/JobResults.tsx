import { useQuery, useQueryClient } from "@tanstack/react-query";
import { jobQuery } from "../../api/queries";
import type { Item, Job } from "../../api/types";
import { useNear } from "../../parts/Nearing";
import { Bone, times } from "../../parts/States";
import { When } from "../../parts/When";
import { jobWords } from "../../words/jobs";
import { useNow } from "../../parts/now";
import { ResultTile } from "./ResultTile";
import { TryAgain } from "./TryAgain";

/** A job's results. Far from the window only its place is kept: the size of a tile is fixed, so nothing moves. */
export function JobResults({ job, onOpen }: { job: Job; onOpen: (item: Item) => void }) {
  const client = useQueryClient();
  const [place, near] = useNear<HTMLElement>();
  const detail = useQuery({ ...jobQuery(client, job.id, false), enabled: near }).data;
  const now = useNow();

  return (
    <article className="results" ref={place} aria-labelledby={`job-${job.id}`}>
      <header className="results-head">
        <h3 id={`job-${job.id}`}>{job.productName}</h3>
        <p className="quiet figures">
          {job.failedImages || job.status !== "DONE" ? `${jobWords(job, now)} · ` : ""}
          <When at={job.finishedAt ?? job.createdAt} />
        </p>
      </header>
      <ul className="contact-sheet" aria-label={`Results of ${job.productName}`}>
        {near && detail
          ? detail.items.map((item, index) => (
              <ResultTile key={item.id} item={item} place={index + 1} productName={job.productName} onOpen={() => onOpen(item)} />
            ))
          : times(job.totalImages, (index) => (
              <li key={index} aria-hidden="true">
                <Bone kind="result" />
              </li>
            ))}
      </ul>
      {near && detail && job.failedImages > 0 ? <TryAgain detail={detail} /> : null}
    </article>
  );
}
