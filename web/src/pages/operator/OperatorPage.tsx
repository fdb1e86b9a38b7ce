import { useQuery } from "@tanstack/react-query";
import { NavLink, Outlet } from "react-router";
import { sessionQuery } from "../../api/queries";
import { sandboxQuery } from "../../api/operator";
import { Empty } from "../../parts/States";

/** The frame of the operators' pages. */
export function OperatorPage() {
  const session = useQuery(sessionQuery).data;
  const isOperator = session?.roles.includes("operator") ?? false;
  const sandbox = useQuery({ ...sandboxQuery, enabled: isOperator }).data;
  if (!isOperator) {
    return (
      <div className="page">
        <title>Operator · Darkroom</title>
        <Empty title="This page is for operators">
          <p>You are signed in as a shop. Sign in as an operator to see how the platform is doing.</p>
        </Empty>
      </div>
    );
  }
  return (
    <div className="page page-wide operator">
      <title>Operator · Darkroom</title>
      <header className="page-head">
        <h1>Operator</h1>
        <nav className="sub-nav" aria-label="Operator pages">
          <NavLink to="/operator" end>
            Overview
          </NavLink>
          <NavLink to="/operator/dead-letters">Dead letters</NavLink>
          <NavLink to="/operator/messages">Messages</NavLink>
          <NavLink to="/operator/timeline">Timeline</NavLink>
          {sandbox ? <NavLink to="/operator/sandbox">Sandbox</NavLink> : null}
        </nav>
      </header>
      <Outlet />
    </div>
  );
}
