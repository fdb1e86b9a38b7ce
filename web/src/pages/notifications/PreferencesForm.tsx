import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changePreferences, noticeKeys, preferencesQuery, type Channel, type Preferences, type Wishes } from "../../api/notices";
import { Bone, Loading, Trouble } from "../../parts/States";
import { CHANNEL_WORDS, kindWords, suppressedWords } from "../../words/notices";
import { problemWords } from "../../words/problems";
import { AddressField } from "./AddressField";

/** How one wants to be told: which kind on which channel, and at which address. Every change is kept at once. */
export function PreferencesForm() {
  const client = useQueryClient();
  const preferences = useQuery(preferencesQuery);
  const change = useMutation({
    mutationFn: (wishes: Partial<Wishes>) => changePreferences(wishes),
    onSuccess: (told) => client.setQueryData(noticeKeys.preferences, told),
    onError: () => void client.invalidateQueries({ queryKey: noticeKeys.preferences }),
  });
  const known = preferences.data;
  // A tick shows at once, before the platform has it.
  const choose = (wishes: Partial<Wishes>) => {
    void client.cancelQueries({ queryKey: noticeKeys.preferences });
    client.setQueryData<Preferences>(noticeKeys.preferences, (told) => told && { ...told, preferences: merged(told, wishes) });
    change.mutate(wishes);
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

function Choices({ known, onChange }: { known: Preferences; onChange: (wishes: Partial<Wishes>) => void }) {
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
                  onChange={(event) => onChange({ preferences: [{ channel, kind, enabled: event.target.checked }] })}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is known with wishes that are on their way. */
function merged(known: Preferences, wishes: Partial<Wishes>): Preferences["preferences"] {
  return known.preferences.map((choice) => wishes.preferences?.find((wish) => wish.channel === choice.channel && wish.kind === choice.kind) ?? choice);
}
