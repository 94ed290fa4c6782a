import { describe, expect, it } from "vitest";
import { variable, windowsEnvironment } from "../../../backends/windows/environment.ts";

const host = { Path: "C:\\bin", TEMP: "C:\\temp", SystemRoot: "C:\\Windows" };

describe("an environment on Windows", () => {
  it("is the host's with what the call adds", () => {
    expect(windowsEnvironment({ env: { A: "1" }, inheritEnv: true }, host)).toEqual({ ...host, A: "1" });
  });

  it("takes PATH for Path, so that no process gets both", () => {
    expect(windowsEnvironment({ env: { PATH: "D:\\bin" }, inheritEnv: true }, host)).toEqual({
      ...host,
      Path: "D:\\bin",
    });
  });

  it("loses a variable that is removed in another spelling", () => {
    const { Path: _, ...rest } = host;
    expect(windowsEnvironment({ env: { path: undefined }, inheritEnv: true }, host)).toEqual(rest);
  });

  it("has the last of two spellings in one call", () => {
    const env = { Name: "first", NAME: "last" };
    expect(windowsEnvironment({ env, inheritEnv: false }, host)).toEqual({ Name: "last" });
    expect(windowsEnvironment({ env: { ...env, name: undefined }, inheritEnv: false }, host)).toEqual({});
  });

  it("inherits nothing when it must not", () => {
    expect(windowsEnvironment({ env: { A: "1" }, inheritEnv: false }, host)).toEqual({ A: "1" });
  });

  it("keeps a variable whose name is one of every object", () => {
    const env = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    expect(Object.entries(windowsEnvironment({ env, inheritEnv: false }, {}))).toEqual([["__proto__", "a"], [
      "constructor",
      "b",
    ]]);
  });

  it("is asked for a variable in any spelling", () => {
    expect(variable(host, "PATH")).toBe("C:\\bin");
    expect(variable(host, "systemroot")).toBe("C:\\Windows");
    expect(variable(host, "NONE")).toBeUndefined();
  });
});
