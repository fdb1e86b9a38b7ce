import { useRef, type KeyboardEvent } from "react";
import type { Product } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { Photo } from "../../parts/Photo";
import { changeDraft, tick, tickRange, TICKED_MAX, type Draft } from "./drafts";

/** A product's pictures to tick: click, shift-click for a range, arrows and space. The eleventh explains itself. */
export function ImageGrid({ product, draft }: { product: Product; draft: Draft }) {
  const last = useRef<string>(undefined);

  function toggle(imageId: string, withShift: boolean): void {
    const from = last.current;
    changeDraft(product.id, (so) =>
      withShift && from && !so.ticked.includes(imageId) ? tickRange(so, product.images, from, imageId) : tick(so, imageId),
    );
    last.current = imageId;
  }

  return (
    // The arrows are a help on top of Tab, which reaches every box.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the boxes inside are what is used
    <ul className="tick-grid" onKeyDown={moveFocus} aria-label={`Images of ${product.name}`}>
      {product.images.map((image, place) => {
        const place1 = place + 1;
        const ticked = draft.ticked.includes(image.id);
        const refused = draft.refused === image.id;
        return (
          <li key={image.id} className="tick" data-ticked={ticked} data-refused={refused}>
            <Photo src={image.url} alt="" width={image.width} height={image.height} />
            <input
              type="checkbox"
              aria-label={`Image ${place1} of ${product.name}`}
              aria-describedby={refused ? "eleventh" : undefined}
              checked={ticked}
              onChange={(event) => toggle(image.id, (event.nativeEvent as MouseEvent).shiftKey)}
            />
            <span className="tick-box" aria-hidden="true">
              <Icon name="check" />
            </span>
            {refused ? (
              <p className="tick-refused" id="eleventh" role="alert">
                Ten images make a job. Untick one to take this one, or send these first.
              </p>
            ) : null}
          </li>
        );
      })}
      {draft.ticked.length === TICKED_MAX && !draft.refused ? (
        <li className="for-ears" role="status">
          {TICKED_MAX} images are ticked: that is as many as a job takes.
        </li>
      ) : null}
    </ul>
  );
}

/** Arrows move between the boxes as they are laid out. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const boxes = [...event.currentTarget.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
  const at = boxes.findIndex((box) => box === document.activeElement);
  const here = boxes[at];
  if (!here) return;
  const top = (box: HTMLElement) => Math.round(box.getBoundingClientRect().top);
  const columns = boxes.filter((box) => top(box) === top(boxes[0] ?? here)).length;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  boxes[at + step]?.focus();
}
