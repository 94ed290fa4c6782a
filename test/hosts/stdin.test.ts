import { describe, expect, it } from "vitest";
import { runHost } from "../support/host.ts";

/** The ways to feed a child through its process; each tells of the refusal. */
const writes = [
  "writeStdin",
  "many writes of writeStdin at once",
  "a writeStdin that nobody awaits",
  "stdin",
  "stdin piped to",
  "stdin, not waiting for the write",
];
const inputs = ["input", "input from an async iterable"];

describe("a child that takes no more input never harms its host", () => {
  for (const form of writes) {
    it(`exits while 5 MB are being written by ${form}`, async () => {
      const host = await runHost("feed_deaf_child", { args: [form, "exits"] });
      expect(host).toMatchObject({ exitCode: 0, stderr: "" });
      expect(host.report).toMatchObject({ reason: "stdin_closed", exitCode: 3, closed: true });
    });

    it(`closes stdin while 5 MB are being written by ${form}, and runs on`, async () => {
      const host = await runHost("feed_deaf_child", { args: [form, "closes"] });
      expect(host).toMatchObject({ exitCode: 0, stderr: "" });
      expect(host.report).toMatchObject({ reason: "stdin_closed", state: "running", closed: true });
    });
  }

  for (const form of inputs) {
    for (const behaviour of ["exits", "closes"]) {
      it(`${behaviour} while output feeds it 5 MB of ${form}: its exit code is the result`, async () => {
        const host = await runHost("feed_deaf_child", { args: [form, behaviour] });
        expect(host).toMatchObject({ exitCode: 0, stderr: "", report: { exitCode: 3 } });
      });
    }
  }
});
