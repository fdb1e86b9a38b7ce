import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { markRead, noticeKeys, type Notice } from "../../api/notices";
import { Icon } from "../../parts/Icon";
import { When } from "../../parts/When";
import { noticeLook } from "../../words/notices";

/** One notification: opened it leads to what it is about, and counts as read. */
export function NoticeRow({ notice }: { notice: Notice }) {
  const client = useQueryClient();
  const read = useMutation({
    mutationFn: () => markRead(notice.id),
    onSettled: () => client.invalidateQueries({ queryKey: noticeKeys.all }),
  });
  const { icon, tone } = noticeLook(notice.kind);
  const isUnread = !notice.read && !read.isPending && !read.isSuccess;
  return (
    <li className="notice" data-unread={isUnread} data-tone={tone}>
      <Icon name={icon} />
      <div className="notice-words">
        <Link
          to={notice.jobId ? `/ongoing/${notice.jobId}` : "/credits"}
          className="notice-title"
          onClick={() => {
            if (isUnread) read.mutate();
          }}
        >
          {isUnread ? <span className="for-ears">Unread: </span> : null}
          {notice.title}
        </Link>
        {notice.lines.map((line) => (
          <p key={line} className="quiet">
            {line}
          </p>
        ))}
      </div>
      <p className="notice-when quiet">
        <When at={notice.createdAt} />
      </p>
      {isUnread ? (
        <button type="button" className="button button-plain button-square" aria-label={`Mark as read: ${notice.title}`} title="Mark as read" onClick={() => read.mutate()}>
          <Icon name="check" />
        </button>
      ) : (
        <span className="notice-read" />
      )}
    </li>
  );
}
