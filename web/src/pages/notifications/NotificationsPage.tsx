import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inboxQuery, markAllRead, noticeKeys } from "../../api/notices";
import { Choices } from "../../parts/Choices";
import { Icon } from "../../parts/Icon";
import { Nearing } from "../../parts/Nearing";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { count } from "../../words/numbers";
import { problemWords } from "../../words/problems";
import { NoticeRow } from "./NoticeRow";
import { PreferencesForm } from "./PreferencesForm";

const SHOWN = [
  { value: "all", words: "All" },
  { value: "unread", words: "Unread" },
] as const;

/** What happened while one looked elsewhere, and how one wants to be told. */
export function NotificationsPage() {
  const client = useQueryClient();
  const [shown, setShown] = useState<"all" | "unread">("all");
  const inbox = useInfiniteQuery(inboxQuery(shown === "unread"));
  const notices = inbox.data?.pages.flatMap((page) => page.notifications) ?? [];
  const unread = inbox.data?.pages[0]?.unread ?? 0;
  const newest = notices[0]?.id;
  const readAll = useMutation({
    mutationFn: (upTo: string) => markAllRead(upTo),
    onSuccess: () => client.invalidateQueries({ queryKey: noticeKeys.all }),
  });

  return (
    <div className="page notifications-page">
      <title>{unread ? `(${unread}) Notifications · Darkroom` : "Notifications · Darkroom"}</title>
      <header className="page-head">
        <h1>Notifications</h1>
        <p className="quiet" role="status">
          {inbox.data ? (unread ? count(unread, "unread one", "unread") : "All read") : " "}
        </p>
      </header>
      <div className="notifications-columns">
        <section aria-label="Inbox">
          <div className="section-head">
            <Choices label="Which notifications" value={shown} choices={SHOWN} onChange={setShown} />
            {unread && newest ? (
              <button type="button" className="button" disabled={readAll.isPending} onClick={() => readAll.mutate(newest)}>
                <Icon name="check" /> Mark all as read
              </button>
            ) : null}
          </div>
          {readAll.isError ? (
            <p className="note note-bad" role="alert">
              {problemWords(readAll.error)}
            </p>
          ) : null}
          {inbox.isPending ? (
            <Loading what="notifications">
              {times(5, (place) => (
                <Bone kind="notice" key={place} />
              ))}
            </Loading>
          ) : null}
          {inbox.isError && !inbox.data ? <Trouble error={inbox.error} retry={() => void inbox.refetch()} still="Nothing in it is lost." /> : null}
          {inbox.data && notices.length === 0 ? (
            <Empty title={shown === "unread" ? "Everything is read" : "Nothing has happened yet"}>
              <p>{shown === "unread" ? "What comes new shows here at once." : "When a job is done, or credits come or run out, it stands here."}</p>
            </Empty>
          ) : null}
          {notices.length ? (
            <ul className="notices">
              {notices.map((notice) => (
                <NoticeRow key={notice.id} notice={notice} />
              ))}
            </ul>
          ) : null}
          {inbox.hasNextPage ? (
            <Nearing onNear={() => void inbox.fetchNextPage()} key={notices.length}>
              <button type="button" className="button" disabled={inbox.isFetchingNextPage} onClick={() => void inbox.fetchNextPage()}>
                {inbox.isFetchingNextPage ? "Loading …" : "Show earlier ones"}
              </button>
            </Nearing>
          ) : null}
        </section>
        <PreferencesForm />
      </div>
    </div>
  );
}
