import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changePreferences, noticeKeys, preferencesQuery, type Channel, type Choice, type Preferences, type Wishes } from "../../api/notices";
import { Bone, Loading, Trouble } from "../../parts/States";
import { CHANNEL_WORDS, kindWords, suppressedWords } from "../../words/notices";
import { problemWords } from "../../words/problems";
import { AddressField } from "./AddressField";
import { Unconfirmed } from "./Unconfirmed";

/** How one wants to be told: which kind on which channel, and at which address. Every change is kept at once. */
export function PreferencesForm() {
  const client = useQueryClient();
  const preferences = useQuery(preferencesQuery);
  // Ticks made here show at once, before the platform has them; what it refused is shown as it is known there.
  const [ticked, setTicked] = useState<readonly Choice[]>([]);
  const change = useMutation({
    mutationFn: (wishes: Partial<Wishes>) => changePreferences(wishes),
    onSuccess: (told) => client.setQueryData(noticeKeys.preferences, told),
    onError: () => {
      setTicked([]);
      void client.invalidateQueries({ queryKey: noticeKeys.preferences });
    },
  });
  const known = preferences.data && { ...preferences.data, preferences: merged(preferences.data, ticked) };
  const choose = (choice: Choice) => {
    setTicked((before) => [choice, ...before]);
    change.mutate({ preferences: [choice] });
  };
  return (
    <section className="preferences" aria-labelledby="preferences">
      <h2 id="preferences">How to tell me</h2>
      {preferences.isPending ? (
        <Loading what="your preferences">
          <Bone kind="preferences" />
        </Loading>
      ) : null}
      {preferences.isError && !known ? <Trouble error={preferences.error} retry={() => void preferences.refetch()} /> : null}
      {known ? (
        <>
          {known.channels.includes("email") ? (
            <AddressField
              key={`email ${known.email ?? ""}`}
              label="E-mail"
              type="email"
              placeholder="anna@example.com"
              known={known.email ?? ""}
              onSave={(email) => change.mutateAsync({ email })}
            />
          ) : null}
          {known.channels.includes("email") && known.email && !known.emailConfirmed ? <Unconfirmed key={known.email} channel="email" address={known.email} /> : null}
          {known.channels.includes("sms") ? (
            <AddressField
              key={`phone ${known.phone ?? ""}`}
              label="Phone"
              type="tel"
              placeholder="+49 151 2345678"
              known={known.phone ?? ""}
              onSave={(phone) => change.mutateAsync({ phone })}
            />
          ) : null}
          {known.channels.includes("sms") && known.phone && !known.phoneConfirmed ? <Unconfirmed key={known.phone} channel="sms" address={known.phone} /> : null}
          <Suppressed known={known} onResubscribe={() => change.mutate({ resubscribe: true })} />
          <Choices known={known} onChange={choose} />
          <label className="option preferences-language">
            <span>Language of messages</span>
            <select value={known.locale} onChange={(event) => change.mutate({ locale: event.target.value as Preferences["locale"] })}>
              <option value="en">English</option>
              <option value="de">Deutsch</option>
            </select>
          </label>
          {change.isError && change.variables.preferences ? (
            <p className="note note-bad" role="alert">
              {problemWords(change.error)}
            </p>
          ) : null}
        </>
      ) : null}
    </section>
  );
}

function Suppressed({ known, onResubscribe }: { known: Preferences; onResubscribe: () => void }) {
  return Object.entries(known.suppressed).map(([channel, reason]) => (
    <p key={channel} className="note note-warn">
      {suppressedWords(channel, reason)}{" "}
      {reason === "unsubscribed" ? (
        <button type="button" className="button button-small" onClick={onResubscribe}>
          Write to me again
        </button>
      ) : null}
    </p>
  ));
}

function Choices({ known, onChange }: { known: Preferences; onChange: (choice: Choice) => void }) {
  const kinds = [...new Set(known.preferences.map((choice) => choice.kind))];
  const needs: Record<Channel, string | null> = { websocket: "always", email: known.email, sms: known.phone };
  return (
    <table className="choice-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          {known.channels.map((channel) => (
            <th key={channel} scope="col">
              {CHANNEL_WORDS[channel]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {kinds.map((kind) => (
          <tr key={kind}>
            <th scope="row">{kindWords(kind)}</th>
            {known.channels.map((channel) => (
              <td key={channel}>
                <input
                  type="checkbox"
                  aria-label={`${kindWords(kind)}: ${CHANNEL_WORDS[channel]}`}
                  title={needs[channel] ? undefined : "Give an address first"}
                  disabled={!needs[channel]}
                  checked={known.preferences.some((choice) => choice.channel === channel && choice.kind === kind && choice.enabled) && Boolean(needs[channel])}
                  onChange={(event) => onChange({ channel, kind, enabled: event.target.checked })}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is known with the ticks of this page, the newest first. */
function merged(known: Preferences, ticked: readonly Choice[]): Choice[] {
  return known.preferences.map((choice) => ticked.find((wish) => wish.channel === choice.channel && wish.kind === choice.kind) ?? choice);
}
