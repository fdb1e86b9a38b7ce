import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "../../api/orders";
import { startCheckout, topUpsQuery } from "../../api/purchases";
import { Icon } from "../../parts/Icon";
import { Bone, Loading, times, Trouble } from "../../parts/States";
import { imagesFor, packsOf, priceOf } from "../../words/credits";
import { count, money, number } from "../../words/numbers";
import { problemWords } from "../../words/problems";

/** Credits by card: a few sizes and any other, each with what it buys and costs. Paying happens at the payment provider's own page. */
export function TopUp({ missing }: { missing: number }) {
  const prices = useQuery(topUpsQuery);
  const buy = useMutation({
    mutationFn: (credits: number) => startCheckout(credits, newKey()),
    onSuccess: ({ url }) => {
      if (url) location.assign(url);
    },
  });
  const isLeaving = buy.isPending || buy.isSuccess;
  const top = prices.data;
  return (
    <section aria-labelledby="top-up">
      <div className="section-head">
        <h2 id="top-up">Top up</h2>
      </div>
      {prices.isPending ? (
        <Loading what="prices">
          <div className="packs">
            {times(4, (place) => (
              <Bone kind="pack" key={place} />
            ))}
          </div>
        </Loading>
      ) : null}
      {prices.isError && !top ? <Trouble error={prices.error} retry={() => void prices.refetch()} still="Your credits are safe." /> : null}
      {top && !top.byCard ? <p className="note">Credits are not sold by card here. Ask the people who run this Darkroom for more.</p> : null}
      {top?.byCard ? (
        <>
          <ul className="packs">
            {packsOf(top, missing).map((pack) => (
              <li key={pack.credits} className="pack">
                <p className="pack-size">
                  <b className="figures">{number(pack.credits)}</b> credits
                </p>
                <p className="quiet">{pack.isEnough ? "enough for what you want to send" : `about ${count(imagesFor(pack.credits), "image")}`}</p>
                <button
                  type="button"
                  className={`button ${pack.isEnough ? "button-primary" : ""}`}
                  aria-label={`Buy ${count(pack.credits, "credit")} for ${money(priceOf(top, pack.credits), top.perThousand.currency)}`}
                  disabled={isLeaving}
                  onClick={() => buy.mutate(pack.credits)}
                >
                  {buy.variables === pack.credits && isLeaving ? "Opening the payment page …" : money(priceOf(top, pack.credits), top.perThousand.currency)}
                </button>
              </li>
            ))}
            <AnyAmount least={top.creditsMin} most={top.creditsMax} priceWords={(credits) => money(priceOf(top, credits), top.perThousand.currency)} isDisabled={isLeaving} onBuy={(credits) => buy.mutate(credits)} />
          </ul>
          <p className="quiet top-up-note">Bought credits do not expire. You pay on the payment provider’s page and come back here.</p>
        </>
      ) : null}
      {buy.isError ? (
        <p className="note note-bad" role="alert">
          <Icon name="alert" /> {problemWords(buy.error)}
        </p>
      ) : null}
    </section>
  );
}

interface AnyAmountProps {
  least: number;
  most: number;
  priceWords: (credits: number) => string;
  isDisabled: boolean;
  onBuy: (credits: number) => void;
}

function AnyAmount({ least, most, priceWords, isDisabled, onBuy }: AnyAmountProps) {
  const [typed, setTyped] = useState("");
  const credits = Number(typed);
  const fits = /^\d+$/.test(typed) && credits >= least && credits <= most;
  const isWrong = typed !== "" && !fits;
  return (
    <li className="pack">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (fits) onBuy(credits);
        }}
      >
        <label className="pack-size" htmlFor="any-amount">
          Another amount
        </label>
        <input
          id="any-amount"
          className="field figures"
          inputMode="numeric"
          autoComplete="off"
          placeholder={`from ${number(least)}`}
          value={typed}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? "any-amount-wrong" : undefined}
          onChange={(event) => setTyped(event.target.value.replace(/[\s,.]/g, ""))}
        />
        {isWrong ? (
          <p className="field-wrong" id="any-amount-wrong">
            From {number(least)} to {number(most)}, in whole credits.
          </p>
        ) : null}
        <button type="submit" className="button" disabled={isDisabled || !fits}>
          {fits ? priceWords(credits) : "Buy"}
        </button>
      </form>
    </li>
  );
}
