import { useRef, useState } from "react";
import { number } from "../words/numbers";
import { problemWords } from "../words/problems";
import { Icon } from "./Icon";

interface EditNumberProps {
  /** What the number is, for those who hear it: "Weight of shop-a". */
  label: string;
  value: number | null;
  /** What no number means, where there may be none: an empty field sets it. */
  none?: string;
  least?: number;
  isWhole?: boolean;
  onSave: (value: number | null) => Promise<unknown>;
}

/** A number that is changed where it stands: press it, type, Enter; Escape leaves it as it was. */
export function EditNumber({ label, value, none, least = 1, isWhole = true, onSave }: EditNumberProps) {
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const [wrong, setWrong] = useState("");
  const [saving, setSaving] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const leave = () => {
    setTyped(undefined);
    setWrong("");
    requestAnimationFrame(() => button.current?.focus());
  };
  const save = async () => {
    const text = (typed ?? "").trim().replace(",", ".");
    const wanted = text === "" ? null : Number(text);
    if (wanted === null ? none === undefined : !(wanted >= least) || (isWhole && !Number.isInteger(wanted))) {
      setWrong(`${isWhole ? "A whole number" : "A number"} from ${least}${none === undefined ? "" : `, or nothing for “${none}”`}.`);
      return;
    }
    if (wanted === value) {
      leave();
      return;
    }
    setSaving(true);
    try {
      await onSave(wanted);
      leave();
    } catch (error) {
      setWrong(problemWords(error));
    } finally {
      setSaving(false);
    }
  };

  if (typed === undefined) {
    const words = value === null ? (none ?? "") : number(value);
    return (
      <button type="button" className="edit-number figures" ref={button} aria-label={`${label}: ${words}. Change`} onClick={() => setTyped(value === null ? "" : String(value))}>
        <span data-none={value === null}>{words}</span> <Icon name="pencil" />
      </button>
    );
  }
  return (
    <form
      className="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        className="field figures"
        aria-label={label}
        aria-invalid={wrong !== ""}
        inputMode={isWhole ? "numeric" : "decimal"}
        placeholder={none}
        disabled={saving}
        value={typed}
        ref={(element) => {
          if (element && document.activeElement !== element && !saving) element.focus();
        }}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") leave();
        }}
      />
      <button type="submit" className="button button-plain button-square" aria-label={`Save ${label}`} disabled={saving}>
        <Icon name="check" />
      </button>
      <button type="button" className="button button-plain button-square" aria-label="Leave as it was" onClick={leave}>
        <Icon name="cross" />
      </button>
      {wrong ? (
        <p className="field-wrong" role="alert">
          {wrong}
        </p>
      ) : null}
    </form>
  );
}
