import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { cancelRedrive, redrivesQuery, type RedriveProgress } from "../../api/operator";
import { Bar } from "../../parts/Bar";
import { When } from "../../parts/When";
import { number } from "../../words/numbers";
import { problemWords } from "../../words/problems";

/** Redrives that are under way, or ended just now, with how far they are and a way to stop them. */
export function Redrives() {
  const found = useQuery(redrivesQuery);
  const shown = found.data?.filter((redrive, at) => !redrive.endedAt || at === 0) ?? [];
  if (shown.length === 0) return null;
  return (
    <ul className="redrives" aria-label="Redrives">
      {shown.map((redrive) => (
        <RedriveRow key={redrive.id} redrive={redrive} />
      ))}
    </ul>
  );
}

function RedriveRow({ redrive }: { redrive: RedriveProgress }) {
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: () => cancelRedrive(redrive.id),
    onSettled: () => client.invalidateQueries({ queryKey: ["operator"] }),
  });
  const pace = redrive.perMinute ? `, ${number(redrive.perMinute)} a minute` : "";
  const words = `${number(redrive.redriven)} of ${number(redrive.matched)} redriven${redrive.endedAt ? "" : pace}`;
  return (
    <li className="panel redrive-row">
      <p>
        <b className="figures">{words}</b>{" "}
        <span className="quiet">
          {redrive.endedAt ? `${redrive.state} · ` : ""}by {redrive.requestedBy}, <When at={redrive.requestedAt} />
        </span>
      </p>
      {redrive.endedAt ? null : (
        <button type="button" className="button button-small" disabled={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </button>
      )}
      <Bar label="Redriven" words={words} done={redrive.redriven} total={Math.max(1, redrive.matched)} />
      {stop.isError ? <p className="field-wrong">{problemWords(stop.error)}</p> : null}
    </li>
  );
}
