import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Navigate, Route, Routes } from "react-router";
import { keys, sessionQuery } from "../api/queries";
import type { Session } from "../api/types";
import { LiveProvider } from "../live/LiveProvider";
import { CompletedPage } from "../pages/completed/CompletedPage";
import { CreditsPage } from "../pages/credits/CreditsPage";
import { JobPage } from "../pages/ongoing/JobPage";
import { OngoingPage } from "../pages/ongoing/OngoingPage";
import { OptimisePage } from "../pages/optimise/OptimisePage";
import { Empty, Trouble } from "../parts/States";
import { Frame } from "./Frame";
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

  if (session.isError) return <Trouble error={session.error} retry={() => void session.refetch()} />;
  if (arriving || session.isPending) return <div className="hush" role="status" aria-label="Opening Darkroom" />;
  if (!session.data) return <SignIn refused={refused} />;
  return (
    <LiveProvider key={session.data.instanceId}>
      <Frame session={session.data}>
        <Routes>
          <Route path="/" element={<Navigate to="/optimise" replace />} />
          <Route path="/optimise/:productId?" element={<OptimisePage />} />
          <Route path="/ongoing" element={<OngoingPage />} />
          <Route path="/ongoing/:jobId" element={<JobPage />} />
          <Route path="/completed" element={<CompletedPage />} />
          <Route path="/credits" element={<CreditsPage />} />
          <Route path="*" element={<Empty title="There is no such page" />} />
        </Routes>
      </Frame>
    </LiveProvider>
  );
}
