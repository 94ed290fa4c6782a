/**
 * The containers of this process that may still be there, and their end with the host.
 * @module
 */
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import process from "node:process";
import { denoApi } from "../deno_api.ts";
import type { LiveChild, LiveChildren } from "../live_children.ts";
import { type DirectAddress, readTls } from "./address.ts";

/** How long a host that ends waits for the engine, in ms. */
const PATIENCE = 10_000;

/** A container, from before it is created until nothing of it is left. */
export interface LiveContainer {
  readonly name: string;
  readonly address: DirectAddress;
  /** Whether it stays when it has ended. */
  readonly keep: boolean;
}

let children: Promise<LiveChildren> | undefined;
const live = new Map<LiveContainer, LiveChild>();

/** Whether a container of this name is one that this process has not done with. */
export function isLive(name: string): boolean {
  for (const each of live.keys()) if (each.name === name) return true;
  return false;
}

/** Counts a container as live. */
export async function addLive(container: LiveContainer, handleSignals: boolean): Promise<void> {
  const all = await (children ??= hostChildren());
  // Whichever is asked first ends all of them: a helper is started once, and not for each.
  const child = { killNow: endAll };
  live.set(container, child);
  all.add(child, { handleSignals, foreground: false });
}

/** Nothing of it is left, or it may stay. */
export async function deleteLive(container: LiveContainer): Promise<void> {
  const child = live.get(container);
  live.delete(container);
  if (child) (await children)?.delete(child);
}

async function hostChildren(): Promise<LiveChildren> {
  const deno = denoApi();
  if (deno) return (await import("../deno_host.ts")).denoChildren(deno);
  return (await import("../node_host.ts")).nodeChildren;
}

/** Runs in a process of its own: a host that ends can't wait for an answer. */
const HELPER = `Promise.all([import("node:http"), import("node:https"), import("node:fs")]).then(
([http, https, fs]) => {
  for (const { secure, path, method, ...options } of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const answered = (response) => response.resume();
    const request = (secure ? https : http).request({ ...options, path, method, agent: false }, answered);
    request.on("error", () => {});
    request.end();
  }
});`;

function endAll(): void {
  const requests = [...live.keys()].flatMap(requestFor);
  live.clear();
  const runtime = runtimeCommand();
  if (requests.length === 0 || !runtime) return;
  const [file, ...args] = runtime;
  spawnSync(file, [...args, HELPER], {
    input: JSON.stringify(requests),
    stdio: ["pipe", "ignore", "ignore"],
    timeout: PATIENCE,
    windowsHide: true,
    // What the host was told to load is not for the helper.
    env: { ...process.env, NODE_OPTIONS: "", BUN_BE_BUN: "1" },
  });
}

function requestFor({ name, address, keep }: LiveContainer): object[] {
  const what = keep
    ? { method: "POST", path: `/containers/${name}/kill` }
    : { method: "DELETE", path: `/containers/${name}?force=1&v=1` };
  switch (address.kind) {
    case "socket":
      return [{ ...what, socketPath: address.socketPath }];
    case "tcp":
      return [{
        ...what,
        host: address.host,
        port: address.port,
        secure: address.tls,
        ...(address.tls && readTls()),
      }];
  }
}

/** How this runtime runs a text; undefined in a program that was compiled, which would start itself again. */
function runtimeCommand(): [string, ...string[]] | undefined {
  const file = process.execPath;
  const name = basename(file).replace(/\.exe$/i, "");
  if (denoApi()) return /^deno/.test(name) ? [file, "eval", "--no-config", "--quiet"] : undefined;
  if (process.versions["bun"]) return [file, "-e"];
  return /^node/.test(name) ? [file, "-e"] : undefined;
}
