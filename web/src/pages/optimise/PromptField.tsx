import { useQuery } from "@tanstack/react-query";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { sessionQuery } from "../../api/queries";
import { Icon } from "../../parts/Icon";
import { number } from "../../words/numbers";
import { EXAMPLES, recentPrompts } from "./prompts";

const CHARACTERS_MAX = 2000;
const CHARACTERS_TOLD = 1600;

interface PromptFieldProps {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  isWrong: boolean;
  rows?: number;
}

export function PromptField({ id, label, value, onChange, isWrong, rows = 4 }: PromptFieldProps) {
  return (
    <div className="prompt">
      <div className="prompt-head">
        <label htmlFor={id}>{label}</label>
        <Examples onPick={onChange} />
      </div>
      <textarea
        id={id}
        value={value}
        rows={rows}
        maxLength={CHARACTERS_MAX}
        placeholder="Clean white background, soft shadow …"
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-wrong` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {isWrong ? (
        <p className="prompt-wrong" id={`${id}-wrong`}>
          <Icon name="alert" /> Say what should become of the image, or take an example.
        </p>
      ) : null}
      {value.length > CHARACTERS_TOLD ? (
        <p className="quiet figures">
          {number(value.length)} of {number(CHARACTERS_MAX)} characters
        </p>
      ) : null}
    </div>
  );
}

function Examples({ onPick }: { onPick: (prompt: string) => void }) {
  const session = useQuery(sessionQuery).data;
  const recent = session ? recentPrompts(session.instanceId) : [];
  return (
    <DialogTrigger>
      <Button className="button button-plain button-small">
        Examples <Icon name="chevron" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="examples" aria-label="Example prompts">
          {({ close }) => {
            const pick = (one: string) => {
              onPick(one);
              close();
            };
            return (
              <>
                {recent.length ? <PromptChoices title="Sent lately" prompts={recent} onPick={pick} /> : null}
                <PromptChoices title="Good to begin with" prompts={EXAMPLES} onPick={pick} />
              </>
            );
          }}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function PromptChoices({ title, prompts, onPick }: { title: string; prompts: readonly string[]; onPick: (prompt: string) => void }) {
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {prompts.map((prompt) => (
          <li key={prompt}>
            <Button className="example" onPress={() => onPick(prompt)}>
              {prompt}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
