import { useId, useState } from "react";
import { Problem } from "../../api/http";
import { Icon } from "../../parts/Icon";
import { problemWords } from "../../words/problems";

interface AddressFieldProps {
  label: string;
  type: "email" | "tel";
  placeholder: string;
  known: string;
  onSave: (address: string | null) => Promise<unknown>;
}

/** An address that is kept when one presses Save; wrong ones are told with their rule, beside the field. */
export function AddressField({ label, type, placeholder, known, onSave }: AddressFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState(known);
  const [saving, setSaving] = useState(false);
  const [wrong, setWrong] = useState("");
  const isChanged = typed.trim() !== known;
  const save = async () => {
    setSaving(true);
    setWrong("");
    try {
      await onSave(typed.trim() || null);
    } catch (error) {
      setWrong(ruleOf(error));
    } finally {
      setSaving(false);
    }
  };
  return (
    <form
      className="address"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label htmlFor={id}>{label}</label>
      <div className="address-row">
        <input
          id={id}
          className="field"
          type={type}
          autoComplete={type}
          placeholder={placeholder}
          value={typed}
          aria-invalid={wrong !== ""}
          aria-describedby={wrong ? `${id}-wrong` : undefined}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button type="submit" className="button" disabled={!isChanged || saving}>
          {known && !isChanged ? (
            <>
              <Icon name="check" /> Saved
            </>
          ) : (
            "Save"
          )}
        </button>
      </div>
      {wrong ? (
        <p className="field-wrong" id={`${id}-wrong`} role="alert">
          {label} {wrong}.
        </p>
      ) : null}
    </form>
  );
}

function ruleOf(error: unknown): string {
  const errors = error instanceof Problem ? error.more["errors"] : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const rule = first && typeof first === "object" && "rule" in first ? first.rule : undefined;
  return typeof rule === "string" ? rule : `could not be saved: ${problemWords(error)}`;
}
