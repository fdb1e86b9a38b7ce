import { useState } from "react";
import { EditNumber } from "../../parts/EditNumber";
import { percent } from "../../words/operator";
import { typedValue, valueWords, type Shape } from "../../words/options";

/** What a choice is called that unsets its option. */
const NONE = "none";

interface SandboxFaultProps {
  label: string;
  shape: Exclude<Shape, { kind: "group" }>;
  value: unknown;
  onChange: (value: unknown) => Promise<unknown>;
}

/** One option of a vendor, to be changed in place by what it is. A refusal is told beside the vendor's name. */
export function SandboxFault({ label, shape, value, onChange }: SandboxFaultProps) {
  const change = (changed: unknown) => void onChange(changed).catch(() => undefined);
  switch (shape.kind) {
    case "flag":
      return <input type="checkbox" checked={value === true} aria-label={label} onChange={(event) => change(event.target.checked)} />;
    case "rate":
      return <Rate label={label} value={typeof value === "number" ? value : 0} onChange={change} />;
    case "number": {
      const known = typeof value === "number" ? value : null;
      const { none, least, isWhole } = shape;
      return <EditNumber label={label} value={known} {...(none ? { none: NONE } : {})} least={least} isWhole={isWhole} onSave={(changed) => onChange(none ? changed : (changed ?? known))} />;
    }
    case "choice":
      return (
        <select aria-label={label} value={typeof value === "string" ? value : NONE} onChange={(event) => change(shape.none && event.target.value === NONE ? null : event.target.value)}>
          {(shape.none ? [NONE, ...shape.choices] : shape.choices).map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    default:
      return <Typed key={valueWords(value)} label={label} shape={shape} value={value} onChange={change} />;
  }
}

function Rate({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <span className="fault-rate">
      <input type="range" min={0} max={100} step={5} value={Math.round(value * 100)} aria-label={label} aria-valuetext={percent(value)} onChange={(event) => onChange(Number(event.target.value) / 100)} />
      <span className="figures" data-on={value > 0}>
        {percent(value)}
      </span>
    </span>
  );
}

/** Words or numbers: Enter, or leaving the field, saves what was typed; Escape leaves it as it was. */
function Typed({ label, shape, value, onChange }: { label: string; shape: Shape & { kind: "text" | "numbers" }; value: unknown; onChange: (value: unknown) => void }) {
  const known = valueWords(value);
  const [typed, setTyped] = useState(known);
  const save = () => {
    if (typed.trim() !== known) onChange(typedValue(shape, typed));
  };
  return (
    <input
      className="field fault-typed"
      aria-label={label}
      placeholder={shape.none ? NONE : "nothing"}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === "Enter") save();
        if (event.key === "Escape") setTyped(known);
      }}
    />
  );
}
