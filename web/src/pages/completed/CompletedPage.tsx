import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Input, Label, SearchField } from "react-aria-components";
import { Link, useSearchParams } from "react-router";
import { endedJobsQuery, jobQuery, keys } from "../../api/queries";
import type { JobDetail } from "../../api/types";
import { useLive } from "../../live/LiveProvider";
import { Icon } from "../../parts/Icon";
import { Nearing } from "../../parts/Nearing";
import { useNow } from "../../parts/now";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { count } from "../../words/numbers";
import { CompareDialog } from "./CompareDialog";
import { byDay, matches, type Kind } from "./days";
import { JobResults } from "./JobResults";

const KINDS: readonly { kind: Kind; words: string }[] = [
  { kind: "all", words: "All" },
  { kind: "good", words: "With results" },
  { kind: "bad", words: "With failures" },
];

/** What came out, day by day and job by job, beside what went in. */
export function CompletedPage() {
  const client = useQueryClient();
  const { poll } = useLive();
  const ended = useInfiniteQuery(endedJobsQuery(poll));
  const [words, setWords] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const [address, setAddress] = useSearchParams();
  const now = useNow();
  const all = ended.data?.pages.flatMap((page) => page.jobs) ?? [];
  const jobs = all.filter((job) => matches(job, client.getQueryData<JobDetail>(keys.job(job.id)), words, kind));
  const openJob = Number(address.get("job"));

  return (
    <div className="page page-wide">
      <title>Completed · Darkroom</title>
      <header className="page-head">
        <h1>Completed</h1>
        <p className="quiet" role="status">
          {ended.data ? `${count(jobs.length, "job")}${ended.hasNextPage ? " so far" : ""}` : " "}
        </p>
        <div className="filters">
          <SearchField className="search search-small" value={words} onChange={setWords}>
            <Label className="for-ears">Find by product or prompt</Label>
            <Icon name="search" />
            <Input placeholder="Product or prompt" />
          </SearchField>
          <label className="option">
            <span className="for-ears">Show</span>
            <select value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
              {KINDS.map((one) => (
                <option key={one.kind} value={one.kind}>
                  {one.words}
                </option>
              ))}
            </select>
          </label>
        </div>
      </header>
      {ended.isPending ? (
        <Loading what="results">
          <Bone kind="day" />
          <div className="contact-sheet">
            {times(12, (place) => (
              <Bone kind="result" key={place} />
            ))}
          </div>
        </Loading>
      ) : null}
      {ended.isError && !ended.data ? <Trouble error={ended.error} retry={() => void ended.refetch()} still="Your pictures are safe." /> : null}
      {ended.data && all.length === 0 ? (
        <Empty title="Nothing is finished yet">
          <p>
            <Link className="button button-primary" to="/optimise">
              Optimise some images
            </Link>
          </p>
        </Empty>
      ) : null}
      {all.length > 0 && jobs.length === 0 ? (
        <Empty title="Nothing fits">
          <button
            type="button"
            className="button"
            onClick={() => {
              setWords("");
              setKind("all");
            }}
          >
            Show all
          </button>
        </Empty>
      ) : null}
      {byDay(jobs, now).map((day) => (
        <section key={day.words} aria-label={day.words}>
          <h2 className="day">{day.words}</h2>
          <div className="day-jobs">
            {day.jobs.map((job) => (
              <JobResults key={job.id} job={job} onOpen={(item) => setAddress({ job: String(job.id), image: String(item.id) })} />
            ))}
          </div>
        </section>
      ))}
      {ended.hasNextPage ? (
        <Nearing onNear={() => void ended.fetchNextPage()} key={all.length}>
          <button type="button" className="button" disabled={ended.isFetchingNextPage} onClick={() => void ended.fetchNextPage()}>
            {ended.isFetchingNextPage ? "Loading …" : "Show earlier ones"}
          </button>
        </Nearing>
      ) : null}
      {openJob > 0 ? <OpenJob jobId={openJob} itemId={Number(address.get("image"))} onItem={(image) => setAddress({ job: String(openJob), image: String(image) }, { replace: true })} onClose={() => setAddress({})} /> : null}
    </div>
  );
}

interface OpenJobProps {
  jobId: number;
  itemId: number;
  onItem: (itemId: number) => void;
  onClose: () => void;
}

function OpenJob({ jobId, itemId, onItem, onClose }: OpenJobProps) {
  const client = useQueryClient();
  const detail = useQuery(jobQuery(client, jobId, false)).data;
  return detail ? <CompareDialog detail={detail} itemId={itemId} onItem={onItem} onClose={onClose} /> : null;
}
