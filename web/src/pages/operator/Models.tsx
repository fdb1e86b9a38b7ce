import type { Model } from "../../api/operator";
import { useNow } from "../../parts/now";
import { modelWords } from "../../words/operator";
import { Tag } from "./Tag";

/** Each model's breaker: one that fails is held back, so that it does not hold up the others. */
export function Models({ models }: { models: readonly Model[] }) {
  const now = useNow();
  if (models.length === 0) return <p className="quiet">No model has failed lately.</p>;
  return (
    <ul className="models">
      {models.map((model) => {
        const { words, tone } = modelWords(model, now);
        return (
          <li key={model.model}>
            <b>{model.model}</b> <Tag tone={tone}>{words}</Tag>
          </li>
        );
      })}
    </ul>
  );
}
