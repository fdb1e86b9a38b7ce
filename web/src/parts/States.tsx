// The states that every list has besides its rows: empty, in error, loading.
import type { ReactNode } from "react";
import { problemWords } from "../words/problems";
import { Icon } from "./Icon";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg className="empty-mark" viewBox="0 0 48 48" aria-hidden="true">
        <rect x="5.5" y="9.5" width="37" height="29" rx="3" />
        <path d="M6 33l10-10 8 8 6-6 12 11" />
        <circle cx="32" cy="18" r="3.2" />
      </svg>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What happened, a way to try again, and what still works. */
export function Trouble({ error, retry, still }: { error: unknown; retry: () => void; still?: string }) {
  return (
    <div className="trouble" role="alert">
      <p>
        <Icon name="alert" /> {problemWords(error)} {still}
      </p>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div aria-busy="true">
      <span className="for-ears" role="status">
        Loading {what}
      </span>
      <div aria-hidden="true">{children}</div>
    </div>
  );
}

export function Bone({ kind }: { kind: string }) {
  return <span className={`bone bone-${kind}`} />;
}

export function times<T>(number: number, make: (place: number) => T): T[] {
  return Array.from({ length: number }, (_, place) => make(place));
}
