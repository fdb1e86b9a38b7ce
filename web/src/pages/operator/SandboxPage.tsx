import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changeSandbox, operatorKeys, sandboxQuery, type Sandbox } from "../../api/operator";
import { Bone, Empty, Loading, Trouble } from "../../parts/States";
import { faultName } from "../../words/operator";
import { schemaOf, shapeOf, type OptionSchema } from "../../words/options";
import { problemWords } from "../../words/problems";
import { SandboxFault } from "./SandboxFault";

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
  const { url, vendors, schemas } = sandbox.data;
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
          <Vendor key={vendor} vendor={vendor} options={options} schema={schemas[vendor] ?? {}} />
        ))}
      </div>
    </div>
  );
}

function Vendor({ vendor, options, schema }: { vendor: string; options: Options; schema: OptionSchema }) {
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
      <Faults of={title} options={options} schema={schema} onChange={(changes) => {
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

/** Each option by what it may be set to; a group of options is named. */
function Faults({ of, options, schema, onChange }: { of: string; options: Options; schema: OptionSchema; onChange: (changes: Options) => Promise<unknown> }) {
  return (
    <ul className="faults">
      {Object.entries(options).map(([name, value]) => {
        const label = `${of}: ${faultName(name)}`;
        const shape = shapeOf(schemaOf(schema, name));
        if (shape.kind === "group") {
          const group = (value ?? {}) as Options;
          return (
            <li key={name} className="fault-group">
              <h3>{faultName(name)}</h3>
              <Faults of={label} options={group} schema={shape.schema} onChange={(changes) => onChange({ [name]: { ...group, ...changes } })} />
            </li>
          );
        }
        return (
          <li key={name} className="fault">
            <span>{faultName(name)}</span>
            <SandboxFault label={label} shape={shape} value={value} onChange={(changed) => onChange({ [name]: changed })} />
          </li>
        );
      })}
    </ul>
  );
}
