import { describe, expect, it } from "vitest";
import { Problem } from "../api/http";
import { confirmationWords } from "./notices";

function refusal(kind: string): Problem {
  return new Problem(410, "The link is no longer good", "…", { type: kind }, undefined);
}

describe("confirmationWords", () => {
  it.each([
    ["/problems/confirmation-expired", /has expired/],
    ["/problems/confirmation-used", /was used before/],
    ["/problems/confirmation-outdated", /has been changed/],
    ["/problems/not-found", /not complete/],
  ])("says what came of a link: %s", (kind, words) => {
    expect(confirmationWords(refusal(kind))).toMatch(words);
  });
});
