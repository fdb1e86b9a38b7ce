import type { PointerEvent } from "react";
import type { Item } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { Photo } from "../../parts/Photo";
import { itemWords } from "../../words/jobs";

interface ResultTileProps {
  item: Item;
  place: number;
  productName: string;
  onOpen: () => void;
}

/** A result; hovering or focusing wipes it away to show what it was. A failure keeps its place and says why. */
export function ResultTile({ item, place, productName, onOpen }: ResultTileProps) {
  const result = item.thumbnailUrl ?? item.optimizedImageUrl;
  if (!result) {
    return (
      <li className="result result-none">
        <Photo src={item.imageUrl} alt={`${productName}, image ${place}`} />
        <p className="result-why" title={itemWords(item, new Date())}>
          <Icon name={item.status === "FAILED" ? "alert" : "minus"} /> <span>{itemWords(item, new Date())}</span>
        </p>
      </li>
    );
  }
  return (
    <li className="result">
      <button type="button" className="result-open" aria-label={`Open ${productName}, image ${place}`} onClick={onOpen} onPointerMove={wipe}>
        <span className="result-before">
          <Photo src={item.imageUrl} alt="" />
        </span>
        <span className="result-after">
          <Photo src={result} alt="" />
        </span>
        <span className="result-edge" />
      </button>
    </li>
  );
}

/** The edge between before and after follows the pointer. */
function wipe(event: PointerEvent<HTMLButtonElement>): void {
  const box = event.currentTarget.getBoundingClientRect();
  const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  event.currentTarget.style.setProperty("--wipe", `${(part * 100).toFixed(1)}%`);
}
