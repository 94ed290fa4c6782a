/**
 * Output of containers: nothing is lost, however fast the command ends and however slow the reader is.
 */
import process from "node:process";
import { expect, it } from "vitest";
import { createExecutor } from "../../mod.ts";
import { describeWithEngine, testBackend } from "../support/docker_engine.ts";

const MIB = 2 ** 20;
const inside = () => createExecutor({ backend: testBackend(), killGrace: 500 });
/** A thousand on the three runtimes. */
const RUNS = Number(process.env["POLYSPAWN_DOCKER_RUNS"] ?? 334);

describeWithEngine("output of containers", () => {
  it(`arrives from each of ${RUNS} that end at once`, { timeout: 2_000 * RUNS }, async () => {
    const executor = inside();
    let next = 0;
    const wrong: string[] = [];
    const worker = async () => {
      while (next < RUNS) {
        const text = `line ${next++}\n`;
        const { stdout, stdoutText, complete, exitCode } = await executor.output(["echo", text.trim()]);
        if (stdoutText() !== text || !complete || exitCode !== 0 || stdout.length === 0) {
          wrong.push(stdoutText());
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(wrong).toEqual([]);
  });

  it("arrives from 50 at once, each with its own", { timeout: 180_000 }, async () => {
    const executor = inside();
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const outputs = await Promise.all(
      numbers.map((i) =>
        executor.output(["sh", "-c", `cat; echo ${i} >&2; exit ${i}`], {
          input: `input ${i}`,
        })
      ),
    );
    expect(outputs.map(({ stdoutText }) => stdoutText())).toEqual(numbers.map((i) => `input ${i}`));
    expect(outputs.map(({ stderrText }) => stderrText())).toEqual(numbers.map((i) => `${i}\n`));
    expect(outputs.map(({ exitCode }) => exitCode)).toEqual(numbers);
  });

  it("is whole though it is read long after the exit", { timeout: 180_000 }, async () => {
    // The engine gives up what it could not hand over 2 s after the exit. How much that is differs, so many are tried:
    // of one of them the command has ended, and its last bytes are in the engine's pipe.
    const executor = inside();
    const sizes = Array.from({ length: 24 }, (_, i) => 2_200_000 + i * 32 * 1024);
    const lost = await Promise.all(sizes.map(async (size) => {
      const child = await executor.spawn(["head", "-c", String(size), "/dev/zero"]);
      const stdout = child.stdoutStream();
      let length = (await stdout.read(1))!.length;
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      for (let chunk = await stdout.read(); chunk; chunk = await stdout.read()) length += chunk.length;
      return [size - length, stdout.complete, await child.wait()];
    }));
    expect(lost).toEqual(sizes.map(() => [0, true, 0]));
  });

  it("that nobody reads holds up the command, and costs no memory", async () => {
    const child = await inside().spawn(["sh", "-c", "yes | head -c 300000000; echo done >&2"]);
    const stdout = child.stdoutStream();
    await stdout.read(1);
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(child.state).toBe("running");
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    expect(await child.close(true)).toBe(true);
  });

  it("takes large input and gives it back, then its end", async () => {
    const input = new Uint8Array(8 * MIB).map((_, i) => (i * 7) % 251);
    const { stdout, complete } = await inside().output("cat", { input });
    expect(complete).toBe(true);
    expect(Buffer.compare(stdout, input)).toBe(0);
  });
});
