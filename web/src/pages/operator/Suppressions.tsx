import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { liftSuppressions, operatorKeys, suppressionsQuery, type Suppression } from "../../api/operator";
import { Confirm } from "../../parts/Confirm";
import { Trouble } from "../../parts/States";
import { When } from "../../parts/When";
import { suppressionWords } from "../../words/operator";

/** The addresses that are not written to, each of which an operator may lift. */
export function Suppressions() {
  const [address, setAddress] = useState("");
  const found = useInfiniteQuery(suppressionsQuery(address));
  const suppressions = found.data?.pages.flatMap((page) => page.suppressions) ?? [];
  return (
    <section aria-labelledby="suppressions">
      <div className="section-head">
        <h2 id="suppressions">Suppressed addresses</h2>
        <label className="option">
          <span>Address</span>
          <input className="field" value={address} placeholder="any" onChange={(event) => setAddress(event.target.value.trim())} />
        </label>
      </div>
      {found.isError && !found.data ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      {found.data && suppressions.length === 0 ? <p className="quiet">{address ? "This address is not suppressed." : "No address is suppressed."}</p> : null}
      {suppressions.length > 0 ? (
        <ul className="letter-list" aria-label="Suppressed addresses">
          {suppressions.map((one) => (
            <SuppressionRow key={`${one.channel} ${one.address} ${one.scope}`} suppression={one} />
          ))}
        </ul>
      ) : null}
      {found.hasNextPage ? (
        <button type="button" className="button" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {found.isFetchingNextPage ? "Loading …" : "Show more"}
        </button>
      ) : null}
    </section>
  );
}

function SuppressionRow({ suppression }: { suppression: Suppression }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const lift = async () => {
    await liftSuppressions(suppression.address, reason.trim());
    await client.invalidateQueries({ queryKey: operatorKeys.suppressions });
  };
  return (
    <li className="letter">
      <div className="letter-open letter-still">
        <span className="letter-code">{suppression.address}</span>
        <span className="quiet">
          {suppressionWords(suppression)} · <When at={suppression.createdAt} />
        </span>
      </div>
      <Confirm ask="Lift …" askClass="button button-small" askLabel={`Lift the suppression of ${suppression.address}`} title="Write to this address again?" act="Lift" actClass="button button-primary" keep="Leave it" isActDisabled={!reason.trim()} onAct={lift}>
        <p>Every suppression of {suppression.address} is lifted. Messages that failed meanwhile are not sent by this: send them again above.</p>
        <label className="option">
          <span>Reason</span>
          <input className="field" value={reason} maxLength={1000} onChange={(event) => setReason(event.target.value)} />
        </label>
      </Confirm>
    </li>
  );
}
