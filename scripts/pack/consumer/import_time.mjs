/** Prints what one import takes: time that passes and time of the processor, in ms. */
import process from "node:process";

const [start, usage] = [performance.now(), process.cpuUsage()];
await import(process.argv[2]);
const [wall, { user, system }] = [performance.now() - start, process.cpuUsage(usage)];
console.log(JSON.stringify({ wall, cpu: (user + system) / 1_000 }));
