/**
 * Teaches a fake what the programs of the conformance suite do, from the suite's own table.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../src/backend.ts";
import {
  type Behaviour,
  type FakeBackend,
  fakeBackend,
  type FakeBackground,
  type FakeProcess,
  type FakeReply,
  type Program,
  type Reaction,
  type Step,
} from "../../src/testing/mod.ts";

/** A fake that can do only some things, and its lessons. */
export class LimitedFake implements Backend {
  readonly name = "limited fake";
  readonly capabilities: Backend["capabilities"];
  readonly #fake: FakeBackend = fakeBackend();

  constructor(capabilities: Partial<Backend["capabilities"]> = {}) {
    this.capabilities = { ...this.#fake.capabilities, ...capabilities };
  }

  teach(programs: readonly Program[]): void {
    teachFake(this.#fake, programs);
  }

  spawn(request: SpawnRequest): Promise<Child> {
    return this.#fake.spawn(request);
  }
}

/** Adds a rule for each program that has to be known. */
export function teachFake(fake: FakeBackend, programs: readonly Program[]): void {
  for (const { argv, behaviour } of programs) {
    if (!behaviour) continue;
    fake.on((call) => JSON.stringify(call.argv) === JSON.stringify(argv), async (call, process) => {
      for (const [signal, reaction] of Object.entries(behaviour.onSignal ?? {})) {
        process.onSignal(signal as keyof NonNullable<Behaviour["onSignal"]>, handler(process, reaction));
      }
      for (const step of behaviour.steps) await perform(step, process, call.env);
      return ending(behaviour);
    });
  }
}

function ending({ exitCode = 0, killedBy }: Behaviour): FakeReply {
  return { readsStdin: false, ...(killedBy ? { signal: killedBy } : { exitCode }) };
}

function handler(process: FakeProcess, reaction: Reaction): (() => Promise<void>) | undefined {
  if (reaction === "ignore") return undefined;
  return async () => {
    for (const step of reaction.steps) await perform(step, process, {});
    process.exit(reaction.exitCode);
  };
}

async function perform(step: Step, process: FakeProcess, env: Record<string, string | undefined>) {
  if ("background" in step) {
    return process.background(async (background) => {
      for (const each of step.background) await performBehind(each, background, process);
    });
  }
  if ("print" in step) {
    const variables = Object.entries(env).filter(([, value]) => value !== undefined);
    return await process.stdout(variables.map(([name, value]) => `${name}=${value}\n`).join(""));
  }
  if ("read" in step) return void await process.readLine();
  if ("close" in step) return process.closeStdin();
  if ("copy" in step) return await copy(step.copy, process);
  return await performBehind(step, process, process);
}

async function performBehind(step: Step, writer: FakeBackground, process: FakeProcess) {
  if ("await" in step) return await (step.await === "exit" ? process.exited : writer.delay(Infinity));
  if (!("write" in step)) throw new Error(`Nothing in the background does ${JSON.stringify(step)}.`);
  const { write, text, times = 1 } = step;
  const most = times === Infinity ? 4_096 : 65_536;
  const together = Math.max(1, Math.min(times, Math.floor(most / text.length)));
  const chunk = text.repeat(together);
  for (let left = times; left > 0; left -= together) {
    await writer[write](left >= together ? chunk : text.repeat(left));
    // No process writes as fast as this would.
    if (times === Infinity) await writer.delay(1);
  }
}

async function copy(what: "all" | "line" | "sorted lines", process: FakeProcess) {
  if (what === "line") return await process.stdout(`${await process.readLine() ?? ""}\n`);
  if (what === "all") {
    for (let chunk = await process.read(); chunk; chunk = await process.read()) await process.stdout(chunk);
    return;
  }
  const lines: string[] = [];
  for (let line = await process.readLine(); line !== null; line = await process.readLine()) lines.push(line);
  await process.stdout(lines.sort().map((line) => `${line}\n`).join(""));
}
