import type { Plans } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { imagesFor } from "../../words/credits";
import { count, money, number } from "../../words/numbers";

export function PlanCards({ plans }: { plans: Plans }) {
  return (
    <ul className="plans">
      {plans.plans.map((plan) => (
        <li key={plan.name} className="plan" data-current={plan.name === plans.current}>
          <h3>
            {plan.title}
            {plan.name === plans.current ? (
              <span className="plan-current">
                <Icon name="check" /> yours
              </span>
            ) : null}
          </h3>
          <p className="plan-price">
            <b>{plan.price.amount ? money(plan.price.amount, plan.price.currency) : "Free"}</b>
            {plan.price.amount ? <span className="quiet"> a month</span> : null}
          </p>
          <ul className="plan-points">
            <li>{plan.creditsPerMonth ? `${number(plan.creditsPerMonth)} credits a month, about ${count(imagesFor(plan.creditsPerMonth), "image")}` : "No monthly credits: pay for what you use"}</li>
            <li>{plan.weight > 1 ? `${plan.weight} turns where others have one` : "An equal turn with everyone"}</li>
            {plan.capPerMinute ? <li>Up to {number(plan.capPerMinute)} images a minute</li> : null}
          </ul>
        </li>
      ))}
    </ul>
  );
}
