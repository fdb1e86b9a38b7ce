import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";
import { keys, sessionQuery } from "../api/queries";
import type { Session } from "../api/types";
import { LiveProvider } from "../live/LiveProvider";
import { OptimisePage } from "../pages/optimise/OptimisePage";
import { Empty, Trouble } from "../parts/States";
import { Frame } from "./Frame";
import { Mishap } from "./Mishap";
import { CompletedPage, CreditsPage, DeadLettersPage, fetchAhead, JobPage, MessagesPage, NotificationsPage, OngoingPage, OperatorPage, OverviewPage, SandboxPage, TimelinePage } from "./pages";
import { SignIn } from "./SignIn";

export function App({ arrival }: { arrival: Promise<Session> | undefined }) {
  const client = useQueryClient();
  const [arriving, setArriving] = useState(arrival !== undefined);
  const [refused, setRefused] = useState(false);
  const session = useQuery({ ...sessionQuery, enabled: !arriving });

  useEffect(() => {
    if (!arrival) return;
    arrival
      .then((begun) => client.setQueryData(keys.session, begun))
      .catch(() => setRefused(true))
      .finally(() => setArriving(false));
  }, [arrival, client]);

  const isSignedIn = Boolean(session.data);
  useEffect(() => (isSignedIn ? fetchAhead() : undefined), [isSignedIn]);

  if (session.isError) return <Trouble error={session.error} retry={() => void session.refetch()} />;
  if (arriving || session.isPending) return <div className="hush" role="status" aria-label="Opening Darkroom" />;
  if (!session.data) return <SignIn refused={refused} />;
  return (
    <LiveProvider key={session.data.instanceId}>
      <Frame session={session.data}>
        <Pages />
      </Frame>
    </LiveProvider>
  );
}

function Pages() {
  const { pathname } = useLocation();
  return (
    <Mishap key={pathname.split("/")[1]}>
      <Suspense fallback={<div className="hush" role="status" aria-label="Loading the page" />}>
        <Routes>
          <Route path="/" element={<Navigate to="/optimise" replace />} />
          <Route path="/optimise/:productId?" element={<OptimisePage />} />
          <Route path="/ongoing" element={<OngoingPage />} />
          <Route path="/ongoing/:jobId" element={<JobPage />} />
          <Route path="/completed" element={<CompletedPage />} />
          <Route path="/credits" element={<CreditsPage />} />
          <Route path="/notifications" element={<NotificationsPage />} />
          <Route path="/operator" element={<OperatorPage />}>
            <Route index element={<OverviewPage />} />
            <Route path="dead-letters" element={<DeadLettersPage />} />
            <Route path="messages" element={<MessagesPage />} />
            <Route path="timeline/:jobId?" element={<TimelinePage />} />
            <Route path="sandbox" element={<SandboxPage />} />
          </Route>
          <Route path="*" element={<Empty title="There is no such page" />} />
        </Routes>
      </Suspense>
    </Mishap>
  );
}
