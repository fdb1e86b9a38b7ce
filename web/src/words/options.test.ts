import { expect, test } from "vitest";
import { schemaOf, shapeOf, typedValue, valueWords, type OptionSchema } from "./options";

const SCHEMA: OptionSchema = {
  $defs: { Hooks: { type: "object", properties: { loseRate: { type: "number", minimum: 0, maximum: 1 } } } },
  type: "object",
  properties: {
    failRate: { type: "number", minimum: 0, maximum: 1 },
    seconds: { type: "number", minimum: 0, maximum: 600 },
    page: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
    shuffle: { type: "boolean" },
    credit: { type: "string", enum: ["enough", "low"] },
    format: { anyOf: [{ type: "string", enum: ["jpg"] }, { type: "null" }] },
    prompt: { type: "string" },
    url: { anyOf: [{ type: "string" }, { type: "null" }] },
    turns: { anyOf: [{ type: "array" }, { type: "null" }] },
    hooks: { $ref: "#/$defs/Hooks" },
    statuses: { type: "object", patternProperties: { "^5..$": { type: "number", minimum: 0, maximum: 1 } } },
  },
};
const shape = (name: string) => shapeOf(schemaOf(SCHEMA, name));

test("an option is shown by what it may be set to", () => {
  expect(shape("failRate")).toEqual({ kind: "rate" });
  expect(shape("seconds")).toEqual({ kind: "number", none: false, isWhole: false, least: 0 });
  expect(shape("page")).toEqual({ kind: "number", none: true, isWhole: true, least: 1 });
  expect(shape("shuffle")).toEqual({ kind: "flag" });
  expect(shape("credit")).toEqual({ kind: "choice", none: false, choices: ["enough", "low"] });
  expect(shape("format")).toEqual({ kind: "choice", none: true, choices: ["jpg"] });
  expect(shape("prompt")).toEqual({ kind: "text", none: false });
  expect(shape("url")).toEqual({ kind: "text", none: true });
  expect(shape("turns")).toEqual({ kind: "numbers", none: true });
});

test("a group's options are found by reference or by pattern", () => {
  expect(shape("hooks").kind).toBe("group");
  expect(shapeOf(schemaOf(schemaOf(SCHEMA, "hooks"), "loseRate"))).toEqual({ kind: "rate" });
  expect(shapeOf(schemaOf(schemaOf(SCHEMA, "statuses"), "503"))).toEqual({ kind: "rate" });
});

test("what is typed is sent as the sandbox takes it", () => {
  expect(typedValue({ kind: "text", none: false }, "")).toBe("");
  expect(typedValue({ kind: "text", none: true }, " ")).toBeNull();
  expect(typedValue({ kind: "text", none: true }, " https://x ")).toBe("https://x");
  expect(typedValue({ kind: "numbers", none: true }, "0.5, 2")).toEqual([0.5, 2]);
  expect([valueWords([0.5, 2]), valueWords("a"), valueWords(null)]).toEqual(["0.5, 2", "a", ""]);
});
