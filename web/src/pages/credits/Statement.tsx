import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { statementAddress, transactionsQuery, type StatementFilter } from "../../api/queries";
import { Icon } from "../../parts/Icon";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { KIND_CHOICES } from "../../words/credits";
import { StatementTable } from "./StatementTable";

const ALL: StatementFilter = { kind: "", from: "", to: "" };

/** Every movement of the credits, as far as one wants to see them. */
export function Statement() {
  const [filter, setFilter] = useState(ALL);
  const statement = useInfiniteQuery(transactionsQuery(filter));
  const lines = statement.data?.pages.flatMap((page) => page.transactions) ?? [];
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <section aria-labelledby="statement">
      <div className="section-head">
        <h2 id="statement">Statement</h2>
        <div className="filters statement-filters">
          <label className="option">
            <span className="for-ears">Kind of movement</span>
            <select value={filter.kind} onChange={(event) => setFilter({ ...filter, kind: event.target.value })}>
              {KIND_CHOICES.map(({ kinds, words }) => (
                <option key={kinds} value={kinds}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label className="option option-date">
            <span>From</span>
            <input type="date" value={filter.from} max={filter.to || undefined} onChange={(event) => setFilter({ ...filter, from: event.target.value })} />
          </label>
          <label className="option option-date">
            <span>To</span>
            <input type="date" value={filter.to} min={filter.from || undefined} onChange={(event) => setFilter({ ...filter, to: event.target.value })} />
          </label>
          {lines.length ? (
            <a className="button" href={statementAddress(filter)} download>
              <Icon name="download" /> CSV
            </a>
          ) : null}
        </div>
      </div>
      {statement.isPending ? (
        <Loading what="the statement">
          {times(6, (place) => (
            <Bone kind="line" key={place} />
          ))}
        </Loading>
      ) : null}
      {statement.isError && !statement.data ? <Trouble error={statement.error} retry={() => void statement.refetch()} still="The balance above is right." /> : null}
      {statement.data && lines.length === 0 ? (
        <Empty title={isFiltered ? "No such movement" : "No movements yet"}>
          {isFiltered ? (
            <button type="button" className="button" onClick={() => setFilter(ALL)}>
              Show all
            </button>
          ) : (
            <p>Every hold, every image and every top-up will stand here.</p>
          )}
        </Empty>
      ) : null}
      {lines.length ? <StatementTable lines={lines} /> : null}
      {statement.hasNextPage ? (
        <button type="button" className="button" disabled={statement.isFetchingNextPage} onClick={() => void statement.fetchNextPage()}>
          {statement.isFetchingNextPage ? "Loading …" : "Show earlier movements"}
        </button>
      ) : null}
    </section>
  );
}
