// The statement's lines in words.
import type { Transaction } from "../api/types";

export function transactionWords(line: Pick<Transaction, "kind" | "jobId" | "reason">): string {
  switch (line.kind) {
    case "hold":
      return "Images sent";
    case "release":
      return "Given back";
    case "spend":
      return "Spent";
    case "grant":
      return line.reason ?? "Credits added";
    case "expire":
      return "Expired unspent";
    case "refund":
      return "Taken back after a refund";
    default:
      return line.reason ?? line.kind;
  }
}

/** The statement as a spreadsheet reads it (RFC 4180). A field that a spreadsheet would take for a formula is quoted as text. */
export function statementCsv(lines: readonly Transaction[]): string {
  const head = ["time", "what", "job", "amount", "balance"];
  const rows = lines.map((line) => [
    line.createdAt,
    transactionWords(line),
    line.jobId ? String(line.jobId) : "",
    String(line.amount),
    String(line.balanceAfter),
  ]);
  return [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

function field(text: string): string {
  const safe = /^[=+@\t]/.test(text) || (text.startsWith("-") && Number.isNaN(Number(text))) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
