import { Link } from "react-router";
import type { Transaction } from "../../api/types";
import { transactionWords } from "../../words/credits";
import { number, signed } from "../../words/numbers";
import { When } from "../../parts/When";

/** Newest first; each balance is the one below it plus the amount. */
export function StatementTable({ lines }: { lines: readonly Transaction[] }) {
  return (
    <div className="table-scroller">
      <table className="statement">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="amount">
              Amount
            </th>
            <th scope="col" className="amount">
              Balance
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td className="quiet">
                <When at={line.createdAt} />
              </td>
              <td>
                {transactionWords(line)}
                {line.jobId ? (
                  <>
                    {" · "}
                    <Link to={`/ongoing/${line.jobId}`}>job {line.jobId}</Link>
                  </>
                ) : null}
              </td>
              <td className="amount figures" data-sign={Math.sign(line.amount)}>
                {signed(line.amount)}
              </td>
              <td className="amount figures">{number(line.balanceAfter)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
