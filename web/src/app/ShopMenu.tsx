import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { ask } from "../api/http";
import { keys } from "../api/queries";
import type { Session } from "../api/types";
import { forgetDrafts } from "../pages/optimise/drafts";
import { Choices } from "../parts/Choices";
import { Icon } from "../parts/Icon";
import { problemWords } from "../words/problems";
import { chooseTheme, storedTheme, type Theme } from "./theme";

const THEME_CHOICES: readonly { value: Theme; words: string }[] = [
  { value: "auto", words: "Device" },
  { value: "light", words: "Light" },
  { value: "dark", words: "Dark" },
];

export function ShopMenu({ session }: { session: Session }) {
  const client = useQueryClient();
  const [theme, setTheme] = useState(storedTheme);
  const signOut = useMutation({
    mutationFn: () => ask<undefined>("/api/session", { method: "DELETE" }),
    onSuccess: () => {
      forgetDrafts();
      // The sign-in page first: what is still shown must not ask for anything again.
      client.setQueryData(keys.session, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.session[0] });
    },
  });

  return (
    <DialogTrigger>
      <Button className="button button-plain shop-button" aria-label={`Shop ${session.instanceId}`}>
        <span className="shop-initial" aria-hidden="true">
          {session.instanceId.replace(/^.*[-_]/, "").slice(0, 2)}
        </span>
        <span className="shop-name">{session.instanceId}</span>
        <Icon name="chevron" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="shop-menu" aria-label="Shop">
          <p className="shop-menu-name">
            Signed in as <b>{session.instanceId}</b>
          </p>
          <Choices
            label="Colours"
            isLabelShown
            value={theme}
            choices={THEME_CHOICES}
            onChange={(chosen) => {
              chooseTheme(chosen);
              setTheme(chosen);
            }}
          />
          <Button className="button" onPress={() => signOut.mutate()}>
            Sign out
          </Button>
          {signOut.isError ? (
            <p className="note note-bad" role="alert">
              You are still signed in. {problemWords(signOut.error)}
            </p>
          ) : null}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
