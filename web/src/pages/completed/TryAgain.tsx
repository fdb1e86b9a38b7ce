import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { newKey, sendOrder } from "../../api/orders";
import { balanceQuery, keys, quoteQuery } from "../../api/queries";
import type { JobDetail, Submission } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { count } from "../../words/numbers";
import { problemWords } from "../../words/problems";

/** The images of a job that failed, sent anew as a job of their own, with its price before the click. */
export function TryAgain({ detail }: { detail: JobDetail }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key] = useState(newKey);
  const failed = detail.items.filter((item) => item.status === "FAILED");
  const order: Submission = {
    productId: detail.job.productId,
    productName: detail.job.productName,
    images: failed.map(({ imageId, imageUrl, prompt }) => ({ imageId, imageUrl, prompt })),
  };
  const available = useQuery(balanceQuery).data?.available;
  const quote = useQuery({ ...quoteQuery(order, available), enabled: failed.length > 0 });
  const send = useMutation({
    mutationFn: () => sendOrder(order, key),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: keys.active });
      void navigate(`/ongoing/${job.id}`);
    },
  });
  if (failed.length === 0) return null;
  return (
    <div className="try-again">
      <button type="button" className="button" disabled={send.isPending} onClick={() => send.mutate()}>
        <Icon name="again" /> Try {count(failed.length, "failed image")} again{quote.data ? ` for ${count(quote.data.price, "credit")}` : ""}
      </button>
      {send.isError ? (
        <p className="note note-bad" role="alert">
          <Icon name="alert" /> {problemWords(send.error)}
        </p>
      ) : null}
    </div>
  );
}
