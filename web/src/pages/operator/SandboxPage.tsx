import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changeSandbox, operatorKeys, sandboxQuery, type Sandbox } from "../../api/operator";
import { EditNumber } from "../../parts/EditNumber";
import { Bone, Empty, Loading, Trouble } from "../../parts/States";
import { faultName, percent } from "../../words/operator";
import { problemWords } from "../../words/problems";

const VENDORS: Record<string, string> = { replicate: "Replicate", stripe: "Stripe", sendgrid: "E-mail", twilio: "SMS" };

type Options = Record<string, unknown>;

/** What the sandbox' vendors do wrong, as switches: only where the platform runs on the sandbox, never in production. */
export function SandboxPage() {
  const sandbox = useQuery(sandboxQuery);
  if (sandbox.isPending) {
    return (
      <Loading what="the sandbox">
        <Bone kind="budget" />
      </Loading>
    );
  }
  if (sandbox.isError && !sandbox.data) return <Trouble error={sandbox.error} retry={() => void sandbox.refetch()} />;
  if (!sandbox.data) return <Empty title="This platform does not run on the sandbox" />;
  const { url, vendors } = sandbox.data;
  return (
    <div className="sandbox">
      <title>Sandbox · Darkroom</title>
      <p className="quiet">
        The sandbox plays the outside world. Break it here and watch the platform cope. What it sent:{" "}
        <a href={`${url}/sandbox/mail`} target="_blank" rel="noreferrer">
          mail
        </a>
        ,{" "}
        <a href={`${url}/sandbox/sms`} target="_blank" rel="noreferrer">
          SMS
        </a>
        .
      </p>
      <div className="sandbox-vendors">
        {Object.entries(vendors).map(([vendor, options]) => (
          <Vendor key={vendor} vendor={vendor} options={options} />
        ))}
      </div>
    </div>
  );
}

function Vendor({ vendor, options }: { vendor: string; options: Options }) {
  const client = useQueryClient();
  const show = (told: Options) =>
    client.setQueryData<Sandbox | null>(operatorKeys.sandbox, (known) => known && { ...known, vendors: { ...known.vendors, [vendor]: { ...known.vendors[vendor], ...told } } });
  const change = useMutation({
    mutationFn: (changes: Options) => changeSandbox(vendor, changes),
    onSuccess: show,
    onError: () => client.invalidateQueries({ queryKey: operatorKeys.sandbox }),
  });
  const title = VENDORS[vendor] ?? vendor;
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      <Faults of={title} options={options} onChange={(changes) => {
          show(changes); // at once, so that a slider follows the hand
          return change.mutateAsync(changes);
        }} />
      {change.isError ? (
        <p className="note note-bad" role="alert">
          {problemWords(change.error)}
        </p>
      ) : null}
    </section>
  );
}

/** Each option by what it is: a rate is a slider, a number is edited in place, yes or no is a tick, a group is named. */
function Faults({ of, options, onChange }: { of: string; options: Options; onChange: (changes: Options) => Promise<unknown> }) {
  return (
    <ul className="faults">
      {Object.entries(options).map(([name, value]) => {
        const label = `${of}: ${faultName(name)}`;
        if (value && typeof value === "object") {
          return (
            <li key={name} className="fault-group">
              <h3>{faultName(name)}</h3>
              <Faults of={label} options={value as Options} onChange={(changes) => onChange({ [name]: { ...value, ...changes } })} />
            </li>
          );
        }
        if (typeof value === "boolean") {
          return (
            <li key={name}>
              <label className="fault">
                <span>{faultName(name)}</span>
                <input type="checkbox" checked={value} aria-label={label} onChange={(event) => void onChange({ [name]: event.target.checked }).catch(() => undefined)} />
              </label>
            </li>
          );
        }
        if (typeof value !== "number") return null;
        return (
          <li key={name} className="fault">
            <span>{faultName(name)}</span>
            {name.endsWith("Rate") ? (
              <span className="fault-rate">
                <input type="range" min={0} max={100} step={5} value={Math.round(value * 100)} aria-label={label} aria-valuetext={percent(value)} onChange={(event) => void onChange({ [name]: Number(event.target.value) / 100 }).catch(() => undefined)} />
                <span className="figures" data-on={value > 0}>
                  {percent(value)}
                </span>
              </span>
            ) : (
              <EditNumber label={label} value={value} least={0} isWhole={false} onSave={(changed) => onChange({ [name]: changed ?? value })} />
            )}
          </li>
        );
      })}
    </ul>
  );
}
