import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { jobQuery } from "../../api/queries";
import type { Job } from "../../api/types";
import { useLive } from "../../live/LiveProvider";
import { Bar } from "../../parts/Bar";
import { useNow } from "../../parts/now";
import { useNear } from "../../parts/Nearing";
import { Photo } from "../../parts/Photo";
import { times } from "../../parts/States";
import { When } from "../../parts/When";
import { itemTone, JOB_ENDED, jobWords } from "../../words/jobs";
import { CancelJob } from "./CancelJob";

/** Pictures shown of a job in the list. */
const STRIP_MAX = 12;

/** A job in the list: its pictures, how far it is, how long it may still take. */
export function JobRow({ job }: { job: Job }) {
  const client = useQueryClient();
  const { poll } = useLive();
  const [place, near] = useNear<HTMLLIElement>();
  const detail = useQuery({ ...jobQuery(client, job.id, poll), enabled: near }).data;
  const now = useNow();
  const shown = detail?.job ?? job;
  const words = jobWords(shown, now, detail?.items);

  return (
    <li className="job-row" data-status={shown.status} ref={place}>
      <Link to={`/ongoing/${job.id}`} className="job-row-link">
        <span className="job-row-head">
          <span className="job-name">{job.productName}</span>
          <span className="quiet">
            sent <When at={job.createdAt} />
          </span>
        </span>
        <span className="strip" aria-hidden="true">
          {detail
            ? detail.items.slice(0, STRIP_MAX).map((item) => (
                <span key={item.id} className="strip-item" data-tone={itemTone(item.status)}>
                  <Photo src={item.thumbnailUrl ?? item.imageUrl} alt="" />
                </span>
              ))
            : times(Math.min(STRIP_MAX, job.totalImages), (at) => <span key={at} className="strip-item bone" />)}
        </span>
      </Link>
      <div className="job-row-foot">
        <Bar label={`Progress of ${job.productName}`} words={words} done={shown.completedImages} failed={shown.failedImages} total={shown.totalImages} />
        <p className="job-words figures">{words}</p>
        {JOB_ENDED.has(shown.status) ? null : <CancelJob job={shown} items={detail?.items ?? []} small />}
      </div>
    </li>
  );
}
