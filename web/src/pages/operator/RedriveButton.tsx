import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { operatorKeys, redrive, type LetterFilter, type Redrive } from "../../api/operator";
import { Confirm } from "../../parts/Confirm";
import { count, number } from "../../words/numbers";
import { problemWords } from "../../words/problems";
import { duration } from "../../words/times";

const PER_MINUTE = 60;

interface RedriveButtonProps {
  filter: LetterFilter;
  /** Those ticked; none: all that the filter finds. */
  ids: string[];
  onDone: () => void;
}

/** Tries dead letters again, so many a minute. How many there are is counted before anything happens. */
export function RedriveButton({ filter, ids, onDone }: RedriveButtonProps) {
  const client = useQueryClient();
  const [perMinute, setPerMinute] = useState(PER_MINUTE);
  const wanted = wantedOf(filter, ids);
  const counted = useMutation({ mutationFn: () => redrive({ ...wanted, dryRun: true }) });
  const started = useMutation({
    mutationFn: () => redrive({ ...wanted, perMinute }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: operatorKeys.letters });
      void client.invalidateQueries({ queryKey: operatorKeys.redrives });
      onDone();
    },
  });
  const matched = counted.data?.matched;
  return (
    <div className="redrive">
      <Confirm
        ask={ids.length ? `Redrive ${number(ids.length)} chosen` : "Redrive all found"}
        askClass="button button-primary"
        title="Try these again?"
        act={matched === undefined ? "Redrive" : `Redrive ${number(matched)}`}
        actClass="button button-primary"
        keep="Leave them"
        isActDisabled={!matched || !(perMinute >= 1)}
        onAsk={() => counted.mutate()}
        onAct={() => started.mutateAsync()}
      >
        {counted.isPending ? <p>Counting …</p> : null}
        {counted.isError ? <p>They could not be counted: {problemWords(counted.error)}</p> : null}
        {matched !== undefined ? (
          <>
            <p>
              <b className="figures">{count(matched, "dead letter")}</b> {matched === 1 ? "goes" : "go"} back into the fair order
              {matched > 0 && perMinute >= 1 ? `; the last in about ${duration((matched / perMinute) * 60)}` : ""}.
            </p>
            {counted.data?.leftOut ? <p>{count(counted.data.leftOut, "message")} may not go any more: too old, or not understood.</p> : null}
            <label className="option redrive-pace">
              <span>How many a minute</span>
              <input className="field figures" inputMode="numeric" value={perMinute || ""} onChange={(event) => setPerMinute(Number(event.target.value.replace(/\D/g, "")))} />
            </label>
          </>
        ) : null}
      </Confirm>
    </div>
  );
}

function wantedOf(filter: LetterFilter, ids: string[]): Redrive {
  if (ids.length) return { ids };
  const { instanceId, service, code } = filter;
  return { filter: { ...(instanceId ? { instanceId } : {}), ...(service ? { service } : {}), ...(code ? { code } : {}) } };
}
