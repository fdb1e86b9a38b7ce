import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { lettersQuery, type DeadLetter, type LetterFilter, type LetterState } from "../../api/operator";
import { Choices } from "../../parts/Choices";
import { Nearing } from "../../parts/Nearing";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { When } from "../../parts/When";
import { count } from "../../words/numbers";
import { LetterDetail } from "./LetterDetail";
import { RedriveButton } from "./RedriveButton";
import { Redrives } from "./Redrives";
import { Tag } from "./Tag";
import type { Tone } from "../../words/jobs";

const STATES: readonly { value: LetterState; words: string }[] = [
  { value: "open", words: "Open" },
  { value: "redriving", words: "Being redriven" },
  { value: "redriven", words: "Redriven" },
  { value: "dropped", words: "Dropped" },
];
const TONES: Record<LetterState, Tone> = { open: "bad", redriving: "live", redriven: "good", dropped: "quiet" };
const FIELDS = [
  { name: "instanceId", words: "Shop" },
  { name: "service", words: "Service" },
  { name: "code", words: "Reason" },
] as const;

/** What was given up on: by reason, each with its history, to be tried again in measure or dropped with a reason. */
export function DeadLettersPage() {
  const [filter, setFilter] = useState<LetterFilter>({ state: "open", instanceId: "", service: "", code: "" });
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [openId, setOpenId] = useState<string>();
  const found = useInfiniteQuery(lettersQuery(filter));
  const letters = found.data?.pages.flatMap((page) => page.deadLetters) ?? [];
  const change = (so: Partial<LetterFilter>) => {
    setFilter({ ...filter, ...so });
    setTicked(new Set());
    setOpenId(undefined);
  };
  const tick = (id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    setTicked(next);
  };

  return (
    <div className="letters">
      <title>Dead letters · Darkroom</title>
      <div className="letters-filter">
        <Choices label="State" value={filter.state || "open"} choices={STATES} onChange={(state) => change({ state })} />
        {FIELDS.map(({ name, words }) => (
          <label className="option" key={name}>
            <span>{words}</span>
            <input className="field" value={filter[name]} placeholder="any" onChange={(event) => change({ [name]: event.target.value.trim() })} />
          </label>
        ))}
        {filter.state === "open" && letters.length > 0 ? <RedriveButton filter={filter} ids={[...ticked]} onDone={() => setTicked(new Set())} /> : null}
      </div>
      <Redrives />
      <Reasons letters={letters} chosen={filter.code} onChoose={(code) => change({ code })} />
      {found.isPending ? (
        <Loading what="dead letters">
          {times(6, (place) => (
            <Bone kind="line" key={place} />
          ))}
        </Loading>
      ) : null}
      {found.isError && !found.data ? <Trouble error={found.error} retry={() => void found.refetch()} still="They are kept until someone decides." /> : null}
      {found.data && letters.length === 0 ? (
        <Empty title={filter.state === "open" ? "Nothing has been given up on" : "None here"}>
          <p>{filter.state === "open" ? "What runs out of attempts, or cannot be understood, would stand here with its history." : "Other states may have some."}</p>
        </Empty>
      ) : null}
      <div className="letters-columns" data-open={openId !== undefined}>
        {letters.length ? (
          <ul className="letter-list" aria-label="Dead letters">
            {letters.map((letter) => (
              <LetterRow key={letter.id} letter={letter} isTicked={ticked.has(letter.id)} isOpen={letter.id === openId} onTick={() => tick(letter.id)} onOpen={() => setOpenId(letter.id === openId ? undefined : letter.id)} />
            ))}
          </ul>
        ) : null}
        {openId ? <LetterDetail id={openId} onClose={() => setOpenId(undefined)} /> : null}
      </div>
      {found.hasNextPage ? (
        <Nearing onNear={() => void found.fetchNextPage()} key={letters.length}>
          <button type="button" className="button" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {found.isFetchingNextPage ? "Loading …" : "Show more"}
          </button>
        </Nearing>
      ) : null}
    </div>
  );
}

/** The reasons among those loaded, the commonest first: pressed, one is looked at alone. */
function Reasons({ letters, chosen, onChoose }: { letters: readonly DeadLetter[]; chosen: string; onChoose: (code: string) => void }) {
  const by = new Map<string, number>();
  for (const { code } of letters) by.set(code, (by.get(code) ?? 0) + 1);
  if (by.size < 2 && !chosen) return null;
  return (
    <ul className="reasons" aria-label="Reasons">
      {[...by].sort(([, one], [, other]) => other - one).map(([code, number]) => (
        <li key={code}>
          <button type="button" className="button button-small" aria-pressed={code === chosen} onClick={() => onChoose(code === chosen ? "" : code)}>
            {code} <span className="quiet figures">{number}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface LetterRowProps {
  letter: DeadLetter;
  isTicked: boolean;
  isOpen: boolean;
  onTick: () => void;
  onOpen: () => void;
}

function LetterRow({ letter, isTicked, isOpen, onTick, onOpen }: LetterRowProps) {
  const what = letter.jobId ? `job ${letter.jobId}` : letter.kind;
  return (
    <li className="letter" data-open={isOpen}>
      {letter.state === "open" ? <input type="checkbox" aria-label={`Choose ${letter.code} of ${letter.instanceId}, ${what}`} checked={isTicked} onChange={onTick} /> : <Tag tone={TONES[letter.state]}>{letter.state}</Tag>}
      <button type="button" className="letter-open" aria-expanded={isOpen} onClick={onOpen}>
        <span className="letter-code">{letter.code}</span>
        <span className="letter-message">{letter.message}</span>
        <span className="quiet">
          {letter.instanceId} · {letter.service} · {what} · {letter.kind === "item" ? count(letter.attempts, "attempt") : "message"} · <When at={letter.createdAt} />
        </span>
      </button>
    </li>
  );
}
