/** What the machine is, without a name or a path of it. */
import { cpus, release, totalmem, type } from "node:os";

export function describeMachine() {
  const [{ model }] = cpus();
  return {
    processor: model.trim(),
    cores: `${cpus().length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    system: `${type()} ${release()}`,
  };
}
