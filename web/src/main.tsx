import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { Problem } from "./api/http";
import { takeConfirmationFromAddress, takeTokenFromAddress } from "./app/arrival";
import { App } from "./app/App";
import { ConfirmAddress } from "./app/ConfirmAddress";
import { applyTheme, storedTheme } from "./app/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/frame.css";
import "./styles/optimise.css";
import "./styles/jobs.css";
import "./styles/compare.css";
import "./styles/credits.css";
import "./styles/notifications.css";

applyTheme(storedTheme());

const RETRIES_MAX = 2;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the platform refuses it will refuse again; only outages are worth another try.
      retry: (failures, error) => failures < RETRIES_MAX && !(error instanceof Problem && error.status < 500),
      refetchOnWindowFocus: false,
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("no #root in the page");
// A link from an e-mail or SMS is often opened where nobody is signed in, so its page needs no session.
const confirmation = takeConfirmationFromAddress();
const arrival = confirmation === undefined ? takeTokenFromAddress() : undefined;
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <BrowserRouter>
        {confirmation === undefined ? <App arrival={arrival} /> : <ConfirmAddress token={confirmation} />}
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
