import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { balanceQuery, plansQuery } from "../../api/queries";
import { Icon } from "../../parts/Icon";
import { Bone, Loading, times, Trouble } from "../../parts/States";
import { BalanceBar } from "./BalanceBar";
import { PlanCards } from "./PlanCards";
import { PurchaseNote } from "./PurchaseNote";
import { Statement } from "./Statement";
import { TopUp } from "./TopUp";

/** What one has, how to have more, where it went. */
export function CreditsPage() {
  const balance = useQuery(balanceQuery);
  const plans = useQuery(plansQuery);
  const [address, setAddress] = useSearchParams();
  const session = address.get("checkout") === "done" ? address.get("session") : null;
  const close = () => setAddress({}, { replace: true });

  return (
    <div className="page credits-page">
      <title>Credits · Darkroom</title>
      <header className="page-head">
        <h1>Credits</h1>
      </header>
      {session ? <PurchaseNote key={session} sessionId={session} onClose={close} /> : null}
      {address.get("checkout") === "left" ? (
        <div className="purchase-note" role="status" data-tone="waiting">
          <p>
            <Icon name="minus" /> <span>You left the payment page. Nothing was charged.</span>
          </p>
          <button type="button" className="button button-plain button-square" aria-label="Close this note" onClick={close}>
            <Icon name="cross" />
          </button>
        </div>
      ) : null}
      {balance.isPending ? (
        <Loading what="your balance">
          <Bone kind="balance" />
        </Loading>
      ) : null}
      {balance.isError && !balance.data ? <Trouble error={balance.error} retry={() => void balance.refetch()} /> : null}
      {balance.data ? <BalanceBar balance={balance.data} plan={plans.data?.plans.find((plan) => plan.name === balance.data.plan)?.title} /> : null}
      <TopUp missing={Number(address.get("missing")) || 0} />
      <Statement />
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
