// The whole statement as a file, page by page from the platform.
import { ask } from "../../api/http";
import type { Transaction, TransactionPage } from "../../api/types";
import { statementCsv } from "../../words/credits";

const PAGES_MAX = 500;

export async function exportStatement(): Promise<void> {
  const lines: Transaction[] = [];
  let cursor: string | null = "";
  for (let page = 0; page < PAGES_MAX && cursor !== null; page += 1) {
    const found: TransactionPage = await ask(`/api/credits/transactions?limit=100${cursor ? `&cursor=${cursor}` : ""}`);
    lines.push(...found.transactions);
    cursor = found.nextCursor;
  }
  const address = URL.createObjectURL(new Blob(["\uFEFF", statementCsv(lines)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `darkroom-credits-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
