import { useId } from "react";

interface ChoicesProps<T extends string> {
  label: string;
  isLabelShown?: boolean;
  value: T;
  choices: readonly { value: T; words: string }[];
  onChange: (value: T) => void;
}

/** One of a few, all in sight. */
export function Choices<T extends string>({ label, isLabelShown = false, value, choices, onChange }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend className={isLabelShown ? undefined : "for-ears"}>{label}</legend>
      <div className="choices-row">
        {choices.map((choice) => (
          <label key={choice.value} className="choice">
            <input type="radio" name={name} checked={choice.value === value} onChange={() => onChange(choice.value)} />
            <span>{choice.words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
