import type { ReactNode } from "react";
import { Icon, type IconName } from "../../parts/Icon";
import type { Tone } from "../../words/jobs";

const SIGNS: Record<Tone, IconName> = { waiting: "clock", live: "spark", good: "check", bad: "alert", quiet: "minus" };

/** A state: colour, sign and word. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      <Icon name={SIGNS[tone]} /> {children}
    </span>
  );
}
