/** Prints what importing one module costs a fresh process: the time that passes, and the processor's, in ms. */
import process from "node:process";

const url = process.argv[2];
const cpu = process.cpuUsage();
const start = performance.now();
await import(url);
const wall = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ wall, cpu: (user + system) / 1000 }));
