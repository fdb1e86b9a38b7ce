// What one is about to order, product by product: kept while one looks at other products, gone with the page. Pure but for the store.
import { useSyncExternalStore } from "react";
import type { Picture, Product, Submission } from "../../api/types";

export const TICKED_MAX = 10;

export interface Options {
  aspectRatio?: string;
  outputFormat?: string;
}

export interface Draft {
  ticked: readonly string[];
  mode: "one" | "each";
  prompt: string;
  prompts: Readonly<Record<string, string>>;
  options: Options;
  /** The tick that was refused because there are ten already; said beside the picture. */
  refused?: string | undefined;
}

export const EMPTY: Draft = { ticked: [], mode: "one", prompt: "", prompts: {}, options: {} };

export function tick(draft: Draft, imageId: string): Draft {
  if (draft.ticked.includes(imageId)) {
    return { ...draft, ticked: draft.ticked.filter((id) => id !== imageId), refused: undefined };
  }
  if (draft.ticked.length >= TICKED_MAX) return { ...draft, refused: imageId };
  return { ...draft, ticked: [...draft.ticked, imageId], refused: undefined };
}

/** Tick all from one picture to another, as far as ten go. */
export function tickRange(draft: Draft, images: readonly Picture[], from: string, to: string): Draft {
  const places = [images.findIndex((image) => image.id === from), images.findIndex((image) => image.id === to)];
  const [first = 0, last = 0] = places.sort((one, other) => one - other);
  return images
    .slice(Math.max(0, first), last + 1)
    .reduce((so, image) => (so.ticked.includes(image.id) ? so : tick(so, image.id)), draft);
}

/** All of a product's pictures, or its first ten. */
export function tickAll(draft: Draft, images: readonly Picture[]): Draft {
  return { ...draft, ticked: images.slice(0, TICKED_MAX).map((image) => image.id), refused: undefined };
}

export function promptOf(draft: Draft, imageId: string): string {
  return (draft.mode === "one" ? draft.prompt : (draft.prompts[imageId] ?? draft.prompt)).trim();
}

/** The ticked pictures that have no prompt yet. */
export function withoutPrompt(draft: Draft): readonly string[] {
  return draft.ticked.filter((id) => !promptOf(draft, id));
}

/** The order, its pictures as the product shows them. */
export function submission(draft: Draft, product: Product): Submission {
  const chosen = product.images.filter((image) => draft.ticked.includes(image.id));
  return {
    productId: product.id,
    productName: product.name,
    images: chosen.map((image) => ({ imageId: image.id, imageUrl: image.url, prompt: promptOf(draft, image.id) })),
    ...(Object.keys(draft.options).length ? { options: draft.options } : {}),
  };
}

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
let lastWords: Pick<Draft, "prompt" | "options"> = { prompt: "", options: {} };

export function draftOf(productId: string): Draft {
  let draft = drafts.get(productId);
  if (!draft) {
    // A new product begins with the words of the last one: most shops want all their pictures alike.
    draft = { ...EMPTY, ...lastWords };
    drafts.set(productId, draft);
  }
  return draft;
}

export function changeDraft(productId: string, change: (draft: Draft) => Draft): void {
  const draft = change(draftOf(productId));
  drafts.set(productId, draft);
  lastWords = { prompt: draft.prompt, options: draft.options };
  for (const listener of listeners) listener();
}

/** Another shop signs in: nothing of the one before stays. */
export function forgetDrafts(): void {
  drafts.clear();
  lastWords = { prompt: "", options: {} };
}

export function useDraft(productId: string): Draft {
  return useSyncExternalStore(subscribe, () => draftOf(productId));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
