import { useQuery } from "@tanstack/react-query";
import { limitsQuery, tenantsQuery } from "../../api/operator";
import { Bone, Loading, Trouble } from "../../parts/States";
import { Budget } from "./Budget";
import { Models } from "./Models";
import { TenantTable } from "./TenantTable";

/** How much of the provider's budget is used, by whom, and what is in the way; looked at anew every two seconds. */
export function OverviewPage() {
  const limits = useQuery(limitsQuery);
  const tenants = useQuery(tenantsQuery);
  return (
    <div className="overview">
      <section className="panel" aria-labelledby="budget">
        <h2 id="budget">Provider budget</h2>
        {limits.isPending ? (
          <Loading what="the provider's limits">
            <Bone kind="budget" />
          </Loading>
        ) : null}
        {limits.isError && limits.data === undefined ? <Trouble error={limits.error} retry={() => void limits.refetch()} still="What is under way goes on." /> : null}
        {limits.data === null ? <p className="quiet">This platform does not tell its limits here. They stand in its settings; the shops below are served by them.</p> : null}
        {limits.data ? <Budget limits={limits.data} lookedAt={limits.dataUpdatedAt} /> : null}
      </section>
      <section className="panel" aria-labelledby="models">
        <h2 id="models">Models</h2>
        {limits.data ? <Models models={limits.data.models} faults={limits.data.faults} /> : <p className="quiet">{limits.isPending ? "Known with the budget." : "Not told here."}</p>}
      </section>
      <section className="panel panel-wide" aria-labelledby="tenants">
        {tenants.isPending ? (
          <Loading what="shops">
            <Bone kind="budget" />
          </Loading>
        ) : null}
        {tenants.isError && !tenants.data ? <Trouble error={tenants.error} retry={() => void tenants.refetch()} still="The shops are served all the same." /> : null}
        {tenants.data ? <TenantTable tenants={tenants.data} /> : null}
      </section>
    </div>
  );
}
