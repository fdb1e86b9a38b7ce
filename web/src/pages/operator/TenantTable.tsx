import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Input, Label, SearchField } from "react-aria-components";
import { changeTerms, operatorKeys, type Tenants, type TenantFigures, type TenantTerms } from "../../api/operator";
import { EditNumber } from "../../parts/EditNumber";
import { Icon } from "../../parts/Icon";
import { count, number } from "../../words/numbers";
import { percent, wait } from "../../words/operator";
import { problemWords } from "../../words/problems";

const SHOWN_STEP = 100;
const HEADS = ["Waiting", "In flight", "Oldest", "Wait p50 / 95 / 99", "Weight", "Cap a minute", "At once", "Requests a minute"] as const;

/** The queue by shop: what each is due and got, how long it waits, and its terms to be changed in place. */
export function TenantTable({ tenants }: { tenants: Tenants }) {
  const [words, setWords] = useState("");
  const [shown, setShown] = useState(SHOWN_STEP);
  const found = tenants.tenants.filter((tenant) => tenant.instanceId.toLowerCase().includes(words.trim().toLowerCase()));
  const waiting = tenants.tenants.reduce((sum, tenant) => sum + tenant.waiting, 0);
  return (
    <>
      <div className="section-head">
        <h2 id="tenants">Waiting by shop</h2>
        <p className="quiet figures">
          {count(waiting, "image")} of {count(tenants.tenants.length, "shop")}
        </p>
        <SearchField className="search search-small panel-search" value={words} onChange={setWords}>
          <Label className="for-ears">Find a shop</Label>
          <Icon name="search" />
          <Input placeholder="Find a shop" />
        </SearchField>
      </div>
      {found.length === 0 ? <p className="quiet">{words ? "No shop is called so." : "No shop has asked for anything yet."}</p> : null}
      {found.length ? (
        <div className="table-scroller">
          <table className="figures-table tenant-table">
            <thead>
              <tr>
                <th scope="col">Shop</th>
                <th scope="col">Share: due ▏ got</th>
                {HEADS.map((head) => (
                  <th key={head} scope="col" className="amount">
                    {head}
                  </th>
                ))}
                <th scope="col">
                  <span className="for-ears">Pause</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, shown).map((tenant) => (
                <TenantRow key={tenant.instanceId} tenant={tenant} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {found.length > shown ? (
        <button type="button" className="button" onClick={() => setShown(shown + SHOWN_STEP)}>
          Show more of {number(found.length)} shops
        </button>
      ) : null}
    </>
  );
}

function TenantRow({ tenant }: { tenant: TenantFigures }) {
  const client = useQueryClient();
  const [refused, setRefused] = useState("");
  const name = tenant.instanceId;
  const change = async (terms: Partial<TenantTerms>) => {
    await changeTerms(name, terms);
    await client.invalidateQueries({ queryKey: operatorKeys.tenants });
  };
  const pause = () => {
    setRefused("");
    change({ paused: !tenant.paused }).catch((error: unknown) => setRefused(problemWords(error)));
  };
  return (
    <tr data-paused={tenant.paused}>
      <th scope="row">
        {name}
        {refused ? (
          <p className="field-wrong" role="alert">
            {refused}
          </p>
        ) : null}
      </th>
      <td>
        <Share due={tenant.shareDue} got={tenant.shareGot} />
      </td>
      <td className="amount figures">{number(tenant.waiting)}</td>
      <td className="amount figures">{number(tenant.inFlight)}</td>
      <td className="amount figures">{wait(tenant.oldestWaitSeconds)}</td>
      <td className="amount figures">
        {[tenant.waitP50Seconds, tenant.waitP95Seconds, tenant.waitP99Seconds].map(wait).join(" / ")}
      </td>
      <td className="amount">
        <EditNumber label={`Weight of ${name}`} value={tenant.weight} least={0.01} isWhole={false} onSave={(weight) => change(weight === null ? {} : { weight })} />
      </td>
      <td className="amount">
        <EditNumber label={`Cap a minute of ${name}`} value={tenant.capPerMinute} none="none" onSave={(capPerMinute) => change({ capPerMinute })} />
      </td>
      <td className="amount">
        <EditNumber label={`At once of ${name}`} value={tenant.concurrency} none="none" onSave={(concurrency) => change({ concurrency })} />
      </td>
      <td className="amount">
        <EditNumber label={`Requests a minute of ${name}`} value={tenant.requestsPerMinute} none="usual" onSave={(requestsPerMinute) => change({ requestsPerMinute })} />
      </td>
      <td>
        <button type="button" className="button button-small" aria-pressed={tenant.paused} aria-label={tenant.paused ? `Let ${name} go on` : `Pause ${name}`} onClick={pause}>
          <Icon name={tenant.paused ? "play" : "pause"} /> {tenant.paused ? "Go on" : "Pause"}
        </button>
      </td>
    </tr>
  );
}

/** What a shop got, as a bar, against a mark where its due is. */
function Share({ due, got }: { due: number; got: number }) {
  return (
    <span className="share">
      <span className="share-track" aria-hidden="true">
        <span className="share-got" style={{ width: `${Math.min(100, got * 100)}%` }} />
        <span className="share-due" style={{ left: `${Math.min(100, due * 100)}%` }} />
      </span>
      <span className="figures">
        {percent(due)} <span className="quiet">▏</span> {percent(got)}
      </span>
    </span>
  );
}
