import { describe, expect, test } from "vitest";
import { Problem } from "./http";
import { jobThatHasThem } from "./orders";

describe("a retry that was refused", () => {
  test("names the job that has the images", () => {
    const told = { type: "/problems/retried-already", jobId: 4712 };
    expect(jobThatHasThem(new Problem(409, "Tried again already", undefined, told, undefined))).toBe(4712);
  });

  test("names none when it was refused for another reason", () => {
    expect(jobThatHasThem(new Problem(409, "The job is running", undefined, { type: "/problems/job-open" }, undefined))).toBeUndefined();
    expect(jobThatHasThem(new Error("away"))).toBeUndefined();
  });
});
