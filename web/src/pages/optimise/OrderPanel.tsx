import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { isFinal, newKey, sendOrder } from "../../api/orders";
import { balanceQuery, keys, sessionQuery } from "../../api/queries";
import type { Product } from "../../api/types";
import { Choices } from "../../parts/Choices";
import { Icon } from "../../parts/Icon";
import { count } from "../../words/numbers";
import { problemWords } from "../../words/problems";
import { changeDraft, EMPTY, promptOf, submission, withoutPrompt, type Draft } from "./drafts";
import { OPTIONS } from "./options";
import { Price } from "./Price";
import { PromptField } from "./PromptField";
import { rememberPrompts } from "./prompts";

const MODES: readonly { value: Draft["mode"]; words: string }[] = [
  { value: "one", words: "One prompt for all" },
  { value: "each", words: "One each" },
];

/** What to do with the ticked images, what it costs, and the one action of the page. On a phone a sheet from below. */
export function OrderPanel({ product, draft }: { product: Product; draft: Draft }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery).data;
  const balance = useQuery(balanceQuery).data;
  const [open, setOpen] = useState(false);
  const [lacking, setLacking] = useState(false);
  const key = useRef(newKey());
  const panel = useRef<HTMLElement>(null);
  const change = (so: Partial<Draft>) => {
    key.current = newKey();
    changeDraft(product.id, (before) => ({ ...before, ...so }));
  };
  const chosen = product.images.filter((image) => draft.ticked.includes(image.id));
  const number = chosen.length;

  const send = useMutation({
    mutationFn: () => sendOrder(submission(draft, product), key.current),
    onSuccess: (job) => {
      if (session) rememberPrompts(session.instanceId, [...new Set(chosen.map((image) => promptOf(draft, image.id)))]);
      key.current = newKey();
      changeDraft(product.id, (before) => ({ ...before, ticked: EMPTY.ticked, prompts: {} }));
      void client.invalidateQueries({ queryKey: keys.active });
      void client.invalidateQueries({ queryKey: keys.balance });
      void navigate(`/ongoing/${job.id}`);
    },
    onError: (error) => {
      // Too few credits now may be enough in a minute; only an answer that never came is asked for again by its key.
      if (isFinal(error)) key.current = newKey();
    },
  });

  function press(): void {
    const empty = withoutPrompt(draft);
    setLacking(empty.length > 0);
    if (empty.length === 0) {
      send.mutate();
      return;
    }
    setOpen(true);
    const field = draft.mode === "one" ? "prompt" : `prompt-${empty[0] ?? ""}`;
    // The sheet has to be open before its field can have the focus.
    requestAnimationFrame(() => document.getElementById(field)?.focus());
  }

  const stillLacking = lacking && withoutPrompt(draft).length > 0;
  return (
    <aside className="order" ref={panel} data-open={open} data-empty={number === 0} aria-label="Your order">
      <button type="button" className="order-handle" aria-expanded={open} aria-controls="order-body" onClick={() => setOpen(!open)}>
        <span>{number ? `${number} selected` : "Nothing selected yet"}</span>
        <span className="quiet">Prompt and options</span>
        <Icon name="chevron" />
      </button>
      <div className="order-body" id="order-body">
        <h2 className="order-title" aria-live="polite">
          {number ? `${number} selected` : "Tick the images to optimise"}
        </h2>
        <Choices label="Prompts" value={draft.mode} choices={MODES} onChange={(mode) => change({ mode })} />
        {draft.mode === "one" ? (
          <PromptField id="prompt" label="Prompt" value={draft.prompt} onChange={(prompt) => change({ prompt })} isWrong={stillLacking} />
        ) : (
          <ul className="prompt-list">
            {chosen.map((image) => {
              const place = product.images.indexOf(image) + 1;
              return (
                <li key={image.id}>
                  <img className="prompt-thumb" src={image.url} alt="" loading="lazy" />
                  <PromptField
                    id={`prompt-${image.id}`}
                    label={`Prompt for image ${place}`}
                    value={draft.prompts[image.id] ?? draft.prompt}
                    onChange={(prompt) => change({ prompts: { ...draft.prompts, [image.id]: prompt } })}
                    isWrong={stillLacking && !promptOf(draft, image.id)}
                    rows={2}
                  />
                </li>
              );
            })}
            {number === 0 ? <li className="quiet">Each image that you tick gets its own prompt here.</li> : null}
          </ul>
        )}
        <div className="options">
          {OPTIONS.map((option) => (
            <label key={option.name} className="option">
              <span>{option.label}</span>
              <select
                value={draft.options[option.name] ?? ""}
                onChange={(event) => {
                  const all = { ...draft.options, [option.name]: event.target.value };
                  change({ options: Object.fromEntries(Object.entries(all).filter(([, value]) => value)) });
                }}
              >
                {option.choices.map((choice) => (
                  <option key={choice.value} value={choice.value}>
                    {choice.words}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </div>
      </div>
      <div className="order-foot">
        <Price product={product} draft={draft} available={balance?.available} />
        {send.isError ? (
          <p className="note note-bad" role="alert">
            <Icon name="alert" /> {problemWords(send.error)}
          </p>
        ) : null}
        <button type="button" className="button button-primary" disabled={number === 0 || send.isPending} onClick={press}>
          {send.isPending ? "Sending …" : number === 0 ? "Optimise" : `Optimise ${count(number, "image")}`}
        </button>
      </div>
    </aside>
  );
}
