import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeLimits, operatorKeys, resumeAccount, type Account, type AccountLimits, type Limits } from "../../api/operator";
import { EditNumber } from "../../parts/EditNumber";
import { useNow } from "../../parts/now";
import { number } from "../../words/numbers";
import { accountWords } from "../../words/operator";
import { problemWords } from "../../words/problems";
import { Tag } from "./Tag";

const SAMPLES_MAX = 60;
const BY_SETTING = "by setting";

/** The rolling minute of all accounts together, how it went lately, and each account with its limits to be changed in place. */
export function Budget({ limits, lookedAt }: { limits: Limits; lookedAt: number }) {
  const client = useQueryClient();
  const used = limits.accounts.reduce((sum, account) => sum + account.inLastMinute, 0);
  const cap = limits.accounts.reduce((sum, account) => sum + account.effectiveCapPerMinute, 0);
  const change = async (account: string, so: Partial<AccountLimits>) => {
    client.setQueryData(operatorKeys.limits, await changeLimits(account, so));
  };
  return (
    <>
      <p className="budget-now">
        <b className="figures">{number(used)}</b>
        <span className="quiet figures"> of {number(cap)} in the last minute</span>
      </p>
      <div className="budget-track" role="meter" aria-label="Used of the provider's budget in the last minute" aria-valuemin={0} aria-valuemax={cap} aria-valuenow={used}>
        <span style={{ width: `${cap ? Math.min(100, (used / cap) * 100) : 0}%` }} />
      </div>
      <Trail used={used} cap={cap} lookedAt={lookedAt} />
      <div className="table-scroller">
        <table className="figures-table">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col" className="amount">
                Last minute
              </th>
              <th scope="col" className="amount">
                Cap a minute
              </th>
              <th scope="col" className="amount">
                In flight
              </th>
              <th scope="col" className="amount">
                At once
              </th>
              <th scope="col" className="amount">
                Burst
              </th>
            </tr>
          </thead>
          <tbody>
            {limits.accounts.map((account) => (
              <AccountRow key={account.account} account={account} onChange={(so) => change(account.account, so)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function AccountRow({ account, onChange }: { account: Account; onChange: (so: Partial<AccountLimits>) => Promise<void> }) {
  const now = useNow();
  const { words, tone } = accountWords(account, now);
  const name = account.account;
  return (
    <tr>
      <th scope="row">
        {name} <Tag tone={tone}>{words}</Tag> {account.stopped ? <Resume account={name} /> : null}
      </th>
      <td className="amount figures">{number(account.inLastMinute)}</td>
      <td className="amount">
        <EditNumber label={`Cap a minute of ${name}`} value={account.capPerMinute} none={BY_SETTING} least={0} onSave={(capPerMinute) => onChange({ capPerMinute })} />
      </td>
      <td className="amount figures">{number(account.inFlight)}</td>
      <td className="amount">
        <EditNumber label={`Predictions at once at ${name}`} value={account.concurrency} none={BY_SETTING} onSave={(concurrency) => onChange({ concurrency })} />
      </td>
      <td className="amount">
        <EditNumber label={`Burst of ${name}`} value={account.burst} none={BY_SETTING} onSave={(burst) => onChange({ burst })} />
      </td>
    </tr>
  );
}

/** What stopped an account is mended: who has paid need not wait for the next trial. */
function Resume({ account }: { account: string }) {
  const client = useQueryClient();
  const resume = useMutation({
    mutationFn: () => resumeAccount(account),
    onSuccess: (limits) => client.setQueryData(operatorKeys.limits, limits),
  });
  return (
    <div>
      <button type="button" className="button button-small" aria-label={`Resume ${account}`} disabled={resume.isPending} onClick={() => resume.mutate()}>
        Resume
      </button>
      {resume.isError ? <p className="field-wrong">{problemWords(resume.error)}</p> : null}
    </div>
  );
}

/** The rolling minute as it was at the last looks, newest right: as far back as this page has been open. */
function Trail({ used, cap, lookedAt }: { used: number; cap: number; lookedAt: number }) {
  const [seen, setSeen] = useState({ lookedAt, values: [used] });
  if (seen.lookedAt !== lookedAt) setSeen({ lookedAt, values: [...seen.values, used].slice(-SAMPLES_MAX) });
  const height = Math.max(cap, ...seen.values, 1);
  return (
    <svg className="trail" viewBox={`0 0 ${SAMPLES_MAX} 20`} preserveAspectRatio="none" aria-hidden="true">
      {seen.values.map((value, at) => (
        <rect key={at} x={SAMPLES_MAX - seen.values.length + at + 0.15} width={0.7} y={20 - (value / height) * 20} height={(value / height) * 20} />
      ))}
    </svg>
  );
}
