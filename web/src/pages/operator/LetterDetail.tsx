import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { dropLetter, letterQuery, operatorKeys } from "../../api/operator";
import { Confirm } from "../../parts/Confirm";
import { Icon } from "../../parts/Icon";
import { Bone, Loading, Trouble } from "../../parts/States";
import { attemptWords } from "../../words/operator";
import { exactTime } from "../../words/times";

/** All that is known of one dead letter: the attempts of an item, or a message whole. */
export function LetterDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const client = useQueryClient();
  const found = useQuery(letterQuery(id));
  const [reason, setReason] = useState("");
  const letter = found.data;
  const drop = async () => {
    await dropLetter(id, reason.trim());
    await client.invalidateQueries({ queryKey: operatorKeys.letters });
    onClose();
  };
  return (
    <section className="letter-detail panel" aria-label="Dead letter">
      <div className="section-head">
        <h2>{letter?.code ?? "Dead letter"}</h2>
        <button type="button" className="button button-plain button-square" aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {found.isPending ? (
        <Loading what="the dead letter">
          <Bone kind="budget" />
        </Loading>
      ) : null}
      {found.isError && !letter ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      {letter ? (
        <>
          <p>{letter.message}</p>
          <dl className="details">
            <Detail name="Since" value={exactTime(new Date(letter.createdAt))} />
            <Detail name="Shop" value={letter.instanceId} />
            <Detail name="Service" value={letter.service} />
            <Detail name="Item" value={letter.itemId} />
            <Detail name="Id" value={letter.id} />
          </dl>
          {letter.jobId ? (
            <p>
              <Link to={`/operator/timeline/${letter.jobId}`}>See all events of job {letter.jobId}</Link>
            </p>
          ) : null}
          {letter.history?.length ? (
            <>
              <h3>What was tried</h3>
              <ol className="history">
                {letter.history.map((entry, at) => (
                  <Attempt key={at} entry={entry} />
                ))}
              </ol>
            </>
          ) : null}
          {letter.headers ? <Raw title="Headers" value={letter.headers} /> : null}
          {letter.data !== undefined && letter.data !== null ? <Raw title="Data" value={letter.data} /> : null}
          {letter.state === "open" ? (
            <Confirm ask="Drop …" title="Drop this dead letter?" act="Drop it" keep="Keep it" isActDisabled={!reason.trim()} onAct={drop}>
              <p>It will not be tried again. It stays in the list of dropped ones, with your reason.</p>
              <label className="option">
                <span>Reason</span>
                <input className="field" value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
              </label>
            </Confirm>
          ) : null}
        </>
      ) : null}
    </section>
  );
}

function Attempt({ entry }: { entry: Readonly<Record<string, unknown>> }) {
  const { head, message, more } = attemptWords(entry);
  return (
    <li>
      <b className="figures">{head}</b>
      <p>{message}</p>
      <p className="attempt-more quiet">{more}</p>
    </li>
  );
}

function Detail({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value)}</dd>
    </div>
  );
}

function Raw({ title, value }: { title: string; value: unknown }) {
  return (
    <details className="raw">
      <summary>{title}</summary>
      {/* Long lines scroll, so the keyboard has to reach the box. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
