import type { Fault, Model, SlowedTenant } from "../../api/operator";
import { useNow } from "../../parts/now";
import { count } from "../../words/numbers";
import { faultWords, modelRows, modelWords, slowedWords, type ModelRow } from "../../words/operator";
import { Tag } from "./Tag";

const SLOWED_SHOWN_MAX = 5;

/** Each model's state: closed for a fault of ours, held back because it fails, full, or working, and the shops slowed at it. */
export function Models({ models, faults }: { models: readonly Model[]; faults: readonly Fault[] }) {
  const now = useNow();
  const rows = modelRows(models, faults);
  if (rows.length === 0) return <p className="quiet">No model has failed lately, and none has a limit of its own.</p>;
  return (
    <ul className="models">
      {rows.map((row) => (
        <li key={row.fault ? `${row.fault.provider} ${row.name}` : row.name}>
          <b>{row.name}</b> <State row={row} now={now} />
          {row.model ? <Slowed tenants={row.model.slowedTenants} now={now} /> : null}
        </li>
      ))}
    </ul>
  );
}

function State({ row: { model, fault }, now }: { row: ModelRow; now: Date }) {
  if (fault) {
    return (
      <>
        <Tag tone="bad">{faultWords(fault, model, now)}</Tag>
        <p className="model-answer">The provider answered: {fault.answer}</p>
      </>
    );
  }
  if (!model) return null;
  const { words, tone } = modelWords(model, now);
  return <Tag tone={tone}>{words}</Tag>;
}

function Slowed({ tenants, now }: { tenants: readonly SlowedTenant[]; now: Date }) {
  if (tenants.length === 0) return null;
  const more = tenants.length - SLOWED_SHOWN_MAX;
  return (
    <ul className="model-slowed" aria-label="Shops slowed at this model">
      {tenants.slice(0, SLOWED_SHOWN_MAX).map((tenant) => (
        <li key={tenant.instanceId}>
          <Tag tone="waiting">
            {tenant.instanceId}: {slowedWords(tenant, now)}
          </Tag>
        </li>
      ))}
      {more > 0 ? <li className="quiet">and {count(more, "more shop")}</li> : null}
    </ul>
  );
}
