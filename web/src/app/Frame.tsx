import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { newestQuery } from "../api/notices";
import { activeJobsQuery, balanceQuery } from "../api/queries";
import type { Session } from "../api/types";
import { useLive } from "../live/LiveProvider";
import { Counting } from "../parts/Counting";
import { Icon } from "../parts/Icon";
import { JOB_ENDED } from "../words/jobs";
import { count } from "../words/numbers";
import { LiveMark } from "./LiveMark";
import { ShopMenu } from "./ShopMenu";
import { BrandMark } from "./SignIn";

const UNREAD_SHOWN_MAX = 99;

export function Frame({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const { poll } = useLive();
  const active = useQuery(activeJobsQuery(client, poll));
  const balance = useQuery({ ...balanceQuery, refetchInterval: poll ? 5_000 : false });
  const unread = useQuery(newestQuery(poll)).data?.unread ?? 0;
  const isOperator = session.roles.includes("operator");
  const ongoing = active.data?.jobs.filter((job) => !JOB_ENDED.has(job.status)).length ?? 0;

  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="frame">
        <Link to="/optimise" className="brand" aria-label="Darkroom, to the start">
          <BrandMark /> <span>Darkroom</span>
        </Link>
        <nav aria-label="Main" className="main-nav">
          <NavLink to="/optimise">Optimise</NavLink>
          <NavLink to="/ongoing" aria-label="Ongoing" aria-describedby={ongoing ? "ongoing-count" : undefined}>
            Ongoing
            {ongoing ? (
              <span className="badge" id="ongoing-count">
                {ongoing}
                <span className="for-ears"> {count(ongoing, "job").replace(/^\S+ /, "")} ongoing</span>
              </span>
            ) : null}
          </NavLink>
          <NavLink to="/completed">Completed</NavLink>
          <NavLink to="/credits">Credits</NavLink>
          {isOperator ? <NavLink to="/operator">Operator</NavLink> : null}
        </nav>
        <div className="frame-end">
          <LiveMark />
          {isOperator ? null : (
            <p className="frame-credits" title="Credits available">
              <span className="for-ears">Credits available: </span>
              {balance.data ? <Counting to={balance.data.available} /> : <span className="bone bone-number" />}
              <span aria-hidden="true"> credits</span>
            </p>
          )}
          <NavLink to="/notifications" className="bell" aria-label={unread ? `Notifications, ${unread} unread` : "Notifications"} title="Notifications">
            <Icon name="bell" />
            {unread ? <span className="badge">{unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : unread}</span> : null}
          </NavLink>
          <ShopMenu session={session} />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
