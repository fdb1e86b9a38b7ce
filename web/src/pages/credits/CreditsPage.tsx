import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { balanceQuery, plansQuery, transactionsQuery } from "../../api/queries";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { BalanceBar } from "./BalanceBar";
import { exportStatement } from "./exportStatement";
import { PlanCards } from "./PlanCards";
import { StatementTable } from "./StatementTable";

/** What one has, where it went, what more there is. */
export function CreditsPage() {
  const balance = useQuery(balanceQuery);
  const plans = useQuery(plansQuery);
  const statement = useInfiniteQuery(transactionsQuery);
  const [exporting, setExporting] = useState<"no" | "yes" | "failed">("no");
  const lines = statement.data?.pages.flatMap((page) => page.transactions) ?? [];

  return (
    <div className="page credits-page">
      <title>Credits · Darkroom</title>
      <header className="page-head">
        <h1>Credits</h1>
      </header>
      {balance.isPending ? (
        <Loading what="your balance">
          <Bone kind="balance" />
        </Loading>
      ) : null}
      {balance.isError && !balance.data ? <Trouble error={balance.error} retry={() => void balance.refetch()} /> : null}
      {balance.data ? <BalanceBar balance={balance.data} plan={plans.data?.plans.find((plan) => plan.name === balance.data.plan)?.title} /> : null}

      <section aria-labelledby="statement">
        <div className="section-head">
          <h2 id="statement">Statement</h2>
          {lines.length ? (
            <button
              type="button"
              className="button button-small"
              disabled={exporting === "yes"}
              onClick={() => {
                setExporting("yes");
                exportStatement().then(
                  () => setExporting("no"),
                  () => setExporting("failed"),
                );
              }}
            >
              {exporting === "yes" ? "Collecting …" : "Export as CSV"}
            </button>
          ) : null}
        </div>
        {exporting === "failed" ? (
          <p className="note note-bad" role="alert">
            The export broke off. Try again in a moment.
          </p>
        ) : null}
        {statement.isPending ? (
          <Loading what="the statement">
            {times(6, (place) => (
              <Bone kind="line" key={place} />
            ))}
          </Loading>
        ) : null}
        {statement.isError && !statement.data ? <Trouble error={statement.error} retry={() => void statement.refetch()} still="The balance above is right." /> : null}
        {statement.data && lines.length === 0 ? (
          <Empty title="No movements yet">
            <p>Every hold, every image and every top-up will stand here.</p>
          </Empty>
        ) : null}
        {lines.length ? <StatementTable lines={lines} /> : null}
        {statement.hasNextPage ? (
          <button type="button" className="button" disabled={statement.isFetchingNextPage} onClick={() => void statement.fetchNextPage()}>
            {statement.isFetchingNextPage ? "Loading …" : "Show earlier movements"}
          </button>
        ) : null}
      </section>

      <section aria-labelledby="plans">
        <div className="section-head">
          <h2 id="plans">Plans</h2>
        </div>
        {plans.isPending ? (
          <Loading what="plans">
            <div className="plans">
              {times(3, (place) => (
                <Bone kind="plan" key={place} />
              ))}
            </div>
          </Loading>
        ) : null}
        {plans.isError ? <Trouble error={plans.error} retry={() => void plans.refetch()} still="Your own plan goes on." /> : null}
        {plans.data ? <PlanCards plans={plans.data} /> : null}
      </section>
    </div>
  );
}
