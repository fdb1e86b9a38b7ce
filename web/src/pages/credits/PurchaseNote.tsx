import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys } from "../../api/queries";
import { purchaseQuery } from "../../api/purchases";
import { Icon, type IconName } from "../../parts/Icon";
import { purchaseWords } from "../../words/credits";
import { problemWords } from "../../words/problems";

const SIGNS: Record<ReturnType<typeof purchaseWords>["tone"], IconName> = { good: "check", waiting: "clock", bad: "alert" };

/** What became of a payment, for someone who has just come back from paying. The way back proves nothing: the platform is asked. */
export function PurchaseNote({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const client = useQueryClient();
  const purchase = useQuery(purchaseQuery(sessionId));
  const paid = purchase.data?.state === "PAID";
  useEffect(() => {
    if (!paid) return;
    void client.invalidateQueries({ queryKey: keys.balance });
    void client.invalidateQueries({ queryKey: keys.transactions });
  }, [client, paid]);

  const told = purchase.data ? purchaseWords(purchase.data) : undefined;
  return (
    <div className="purchase-note" role="status" data-tone={told?.tone ?? "waiting"}>
      <p>
        <Icon name={SIGNS[told?.tone ?? "waiting"]} />
        <span>{purchase.isError && !told ? problemWords(purchase.error) : (told?.words ?? "Looking for your payment …")}</span>
      </p>
      <button type="button" className="button button-plain button-square" aria-label="Close this note" onClick={onClose}>
        <Icon name="cross" />
      </button>
    </div>
  );
}
