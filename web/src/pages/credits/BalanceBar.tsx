import type { Balance } from "../../api/types";
import { imagesFor } from "../../words/credits";
import { count, number } from "../../words/numbers";
import { dateWords, exactTime } from "../../words/times";

/** Available, held and spent as one bar with words; what ends soon is hatched. */
export function BalanceBar({ balance, plan }: { balance: Balance; plan: string | undefined }) {
  const expiring = balance.expiring.reduce((sum, one) => sum + one.amount, 0);
  const lasting = Math.max(0, balance.available - expiring);
  const parts = [
    { kind: "lasting", words: "available, does not expire", amount: lasting },
    { kind: "expiring", words: "available, but not for ever", amount: Math.min(expiring, balance.available) },
    { kind: "held", words: "held for ongoing jobs", amount: balance.held },
    { kind: "spent", words: "spent so far", amount: balance.spent },
  ].filter((part) => part.amount > 0);
  const whole = parts.reduce((sum, part) => sum + part.amount, 0);

  return (
    <section className="balance" aria-label="Balance">
      <p className="balance-now">
        <b className="figures">{number(balance.available)}</b> credits available
        <span className="quiet"> · enough for about {count(imagesFor(balance.available), "image")}</span>
      </p>
      <div className="balance-bar" aria-hidden="true">
        {parts.map((part) => (
          <span key={part.kind} className={`balance-part balance-${part.kind}`} style={{ flexGrow: part.amount / Math.max(1, whole) }} />
        ))}
      </div>
      <ul className="balance-words">
        {parts.map((part) => (
          <li key={part.kind}>
            <span className={`swatch balance-${part.kind}`} aria-hidden="true" />
            <b className="figures">{number(part.amount)}</b> {part.words}
          </li>
        ))}
        {parts.length === 0 ? <li>There are no credits on this shop yet.</li> : null}
      </ul>
      {balance.expiring.map((one) => (
        <p key={one.expiresAt} className="quiet" title={exactTime(new Date(one.expiresAt))}>
          <span className="figures">{number(one.amount)}</span> expire on {dateWords(new Date(one.expiresAt))}
        </p>
      ))}
      <p className="quiet">
        Plan: <b>{plan ?? balance.plan}</b>
        {balance.renewsAt ? `, renews on ${dateWords(new Date(balance.renewsAt))}` : ""}
      </p>
    </section>
  );
}
