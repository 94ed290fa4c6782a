import { expect, it } from "vitest";
import { runHost, runtime } from "../support/host.ts";

it.skipIf(runtime === "deno")(
  "an exception of a subscriber of the event channel reaches the host as Node has it, and never a command",
  async () => {
    const host = await runHost("throwing_subscriber");
    expect(host).toMatchObject({ exitCode: 0, stderr: "" });
    expect(host.report).toEqual({
      ok: true,
      stdout: "hello\n",
      denied: "permission_denied",
      uncaught: ["about spawn", "about exit", "about denied"],
      heard: true,
    });
  },
);
