import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { Problem } from "../../api/http";
import { timelineQuery } from "../../api/operator";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { count } from "../../words/numbers";
import { Waterfall } from "./Waterfall";

/** Every event of a job, of all services, in the order of cause and effect. */
export function TimelinePage() {
  const { jobId } = useParams();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(jobId ?? "");
  const id = Number(jobId);
  const isNumber = Number.isSafeInteger(id) && id > 0;
  const found = useQuery({ ...timelineQuery(id), enabled: isNumber });
  const isGone = found.error instanceof Problem && found.error.status === 404;

  return (
    <div className="timeline">
      <title>{isNumber ? `Timeline of job ${id} · Darkroom` : "Timeline · Darkroom"}</title>
      <form
        className="timeline-ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (/^\d+$/.test(typed)) void navigate(`/operator/timeline/${typed}`);
        }}
      >
        <label className="option">
          <span>Number of a job</span>
          <input className="field figures" inputMode="numeric" value={typed} placeholder="1042" onChange={(event) => setTyped(event.target.value.trim())} />
        </label>
        <button type="submit" className="button button-primary">
          Show its events
        </button>
        {found.data ? (
          <p className="quiet figures" role="status">
            {count(found.data.events.length, "event")} of {found.data.instanceId}
            {found.data.cut ? ", the rest left out" : ""}
          </p>
        ) : null}
      </form>
      {isNumber && found.isPending ? (
        <Loading what="the events">
          {times(8, (place) => (
            <Bone kind="line" key={place} />
          ))}
        </Loading>
      ) : null}
      {found.isError && !isGone ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      {isGone || found.data?.events.length === 0 ? (
        <Empty title="No events of such a job">
          <p>Check the number. Very old events may no longer be kept in the log.</p>
        </Empty>
      ) : null}
      {found.data?.events.length ? <Waterfall events={found.data.events} /> : null}
      {isNumber ? null : (
        <Empty title="Which job?">
          <p>Its number stands in its address, on the statement and in every log line.</p>
        </Empty>
      )}
    </div>
  );
}
