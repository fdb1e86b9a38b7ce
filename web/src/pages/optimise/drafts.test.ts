import { describe, expect, test } from "vitest";
import type { Product } from "../../api/types";
import { EMPTY, submission, tick, tickAll, tickRange, withoutPrompt } from "./drafts";

const images = Array.from({ length: 12 }, (_, place) => ({ id: `i${place + 1}`, url: `http://x/${place + 1}.jpg`, width: 1, height: 1 }));
const mug: Product = { id: "mug", name: "Ceramic mug", images };

describe("ticking", () => {
  test("the eleventh is refused and says which", () => {
    const ten = tickAll(EMPTY, images);
    const eleventh = tick(ten, "i11");
    expect([ten.ticked.length, eleventh.ticked.length, eleventh.refused]).toEqual([10, 10, "i11"]);
    expect(tick(tick(eleventh, "i1"), "i11")).toMatchObject({ refused: undefined });
  });
  test("a range goes either way and stops at ten", () => {
    expect(tickRange(EMPTY, images, "i4", "i2").ticked).toEqual(["i2", "i3", "i4"]);
    expect(tickRange(EMPTY, images, "i1", "i12")).toMatchObject({ refused: "i12", ticked: { length: 10 } });
  });
});

describe("an order", () => {
  test("has its images as the product shows them, one prompt for all", () => {
    const draft = { ...EMPTY, ticked: ["i3", "i1"], prompt: " white " };
    expect(submission(draft, mug)).toEqual({
      productId: "mug",
      productName: "Ceramic mug",
      images: [
        { imageId: "i1", imageUrl: "http://x/1.jpg", prompt: "white" },
        { imageId: "i3", imageUrl: "http://x/3.jpg", prompt: "white" },
      ],
    });
  });
  test("with one prompt each falls back on the common one, and names what lacks one", () => {
    const draft = { ...EMPTY, mode: "each" as const, ticked: ["i1", "i2"], prompts: { i2: "red", i1: " " } };
    expect(withoutPrompt(draft)).toEqual(["i1"]);
    expect(submission({ ...draft, prompt: "white", prompts: { i2: "red" } }, mug).images.map((one) => one.prompt)).toEqual(["white", "red"]);
  });
  test("sends only the options that were chosen", () => {
    expect(submission({ ...EMPTY, ticked: ["i1"], options: { outputFormat: "png" } }, mug).options).toEqual({ outputFormat: "png" });
  });
});
