import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messagesQuery, operatorKeys, retryMessages, type Message, type MessageFilter, type MessageStatus, type PausedAccount } from "../../api/operator";
import { Choices } from "../../parts/Choices";
import { Confirm } from "../../parts/Confirm";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/now";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { When } from "../../parts/When";
import type { Tone } from "../../words/jobs";
import { messageWords, pausedWords } from "../../words/operator";
import { count } from "../../words/numbers";
import { problemWords } from "../../words/problems";
import { Suppressions } from "./Suppressions";
import { Tag } from "./Tag";

const STATUSES: readonly { value: MessageStatus; words: string }[] = [
  { value: "failed", words: "Failed" },
  { value: "pending", words: "Waiting" },
  { value: "sending", words: "Sending" },
  { value: "sent", words: "Sent" },
];
const TONES: Record<MessageStatus, Tone> = { failed: "bad", pending: "waiting", sending: "live", sent: "good" };
const FIELDS = [
  { name: "instanceId", words: "Shop" },
  { name: "code", words: "Reason" },
] as const;

/** E-mails and SMS: what could not be sent, to be sent again, and the addresses that are not written to. */
export function MessagesPage() {
  const [filter, setFilter] = useState<MessageFilter>({ status: "failed", instanceId: "", code: "" });
  const found = useInfiniteQuery(messagesQuery(filter));
  const messages = found.data?.pages.flatMap((page) => page.messages) ?? [];
  const change = (so: Partial<MessageFilter>) => setFilter({ ...filter, ...so });
  return (
    <div className="letters">
      <title>Messages · Darkroom</title>
      <Paused accounts={found.data?.pages[0]?.pausedAccounts ?? []} />
      <div className="letters-filter">
        <Choices label="Status" value={filter.status} choices={STATUSES} onChange={(status) => change({ status })} />
        {FIELDS.map(({ name, words }) => (
          <label className="option" key={name}>
            <span>{words}</span>
            <input className="field" value={filter[name]} placeholder="any" onChange={(event) => change({ [name]: event.target.value.trim() })} />
          </label>
        ))}
        {filter.status === "failed" && messages.length > 0 ? <RetryAll filter={filter} /> : null}
      </div>
      {found.isPending ? (
        <Loading what="messages">
          {times(4, (place) => (
            <Bone kind="line" key={place} />
          ))}
        </Loading>
      ) : null}
      {found.isError && !found.data ? <Trouble error={found.error} retry={() => void found.refetch()} /> : null}
      {found.data && messages.length === 0 ? (
        <Empty title={filter.status === "failed" ? "No message has failed" : "None here"}>
          <p>{filter.status === "failed" ? "Messages that are refused or grow too old before a vendor takes them are listed here." : "Another status may have some."}</p>
        </Empty>
      ) : null}
      {messages.length > 0 ? (
        <ul className="letter-list" aria-label="Messages">
          {messages.map((message) => (
            <MessageRow key={message.id} message={message} />
          ))}
        </ul>
      ) : null}
      {found.hasNextPage ? (
        <button type="button" className="button" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {found.isFetchingNextPage ? "Loading …" : "Show more"}
        </button>
      ) : null}
      <Suppressions />
    </div>
  );
}

/** The vendor accounts to which only trials are sent. */
function Paused({ accounts }: { accounts: readonly PausedAccount[] }) {
  const now = useNow();
  return accounts.map((account) => (
    <p className="note note-bad" key={account.account}>
      <Icon name="alert" /> {pausedWords(account, now)}
    </p>
  ));
}

function RetryAll({ filter }: { filter: MessageFilter }) {
  const client = useQueryClient();
  const { instanceId, code } = filter;
  const retry = async () => {
    await retryMessages({ ...(instanceId ? { instanceId } : {}), ...(code ? { code } : {}) });
    await client.invalidateQueries({ queryKey: operatorKeys.messages });
  };
  return (
    <div className="redrive">
      <Confirm ask="Send all found again" askClass="button button-primary" title="Send these again?" act="Send again" actClass="button button-primary" keep="Leave them" onAct={retry}>
        <p>Every failed message that fits the filter is queued again, at most 10,000 at once, and may be tried for as long as a new one. People may read about what happened days ago.</p>
      </Confirm>
    </div>
  );
}

function MessageRow({ message }: { message: Message }) {
  const client = useQueryClient();
  const retried = useMutation({
    mutationFn: () => retryMessages({ ids: [message.id] }),
    onSuccess: () => client.invalidateQueries({ queryKey: operatorKeys.messages }),
  });
  const { head, message: said } = messageWords(message);
  return (
    <li className="letter">
      <Tag tone={TONES[message.status]}>{message.status}</Tag>
      <div className="letter-open letter-still">
        <span className="letter-code">{head}</span>
        {said ? <span className="letter-message">{said}</span> : null}
        <span className="quiet">
          {message.instanceId} · {message.vendor ?? "no vendor yet"} · {count(message.attempts, "attempt")} · <When at={message.createdAt} />
        </span>
        {retried.isError ? <span role="alert">{problemWords(retried.error)}</span> : null}
      </div>
      {message.status === "failed" ? (
        <button type="button" className="button button-small" disabled={retried.isPending} aria-label={`Send again: ${head}`} onClick={() => retried.mutate()}>
          Send again
        </button>
      ) : null}
    </li>
  );
}
